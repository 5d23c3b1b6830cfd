using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Protocol.Turn;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Allocations;

/// <summary>How binding a channel ended.</summary>
internal enum ChannelBindResult
{
    /// <summary>Bound, or refreshed.</summary>
    Bound,

    /// <summary>The number belongs to another peer, or the peer has another number: 400.</summary>
    Conflict,

    /// <summary>The allocation has as many channels or permissions as it may have: 508.</summary>
    Full,
}

/// <summary>Permissions and channels of one allocation. A handful as a rule, so they are searched from front to back; expired ones are swept when room is needed.</summary>
/// <param name="journal">Where they are kept for a restart; null = nowhere.</param>
internal sealed class PeerTable(SlotPeers? journal = null)
{
    /// <summary>Permissions one allocation may have at once. Browsers use up to some dozens.</summary>
    public const int MaxPermissions = 256;

    /// <summary>Channels one allocation may have at once, those that wait for their number to be free included.</summary>
    public const int MaxChannels = 256;

    private const long PermissionTicks = TurnDefaults.PermissionLifetimeSeconds * TimingWheel.TicksPerSecond;
    private const long ChannelTicks = TurnDefaults.ChannelLifetimeSeconds * TimingWheel.TicksPerSecond;
    private const long ReuseTicks = TurnDefaults.ChannelReuseSeconds * TimingWheel.TicksPerSecond;

    private readonly List<Permission> permissions = [];
    private readonly List<ChannelBinding> channels = [];

    /// <summary>All permissions, expired ones not yet swept included.</summary>
    public IReadOnlyList<Permission> Permissions => permissions;

    /// <summary>All channels, expired ones not yet swept included.</summary>
    public IReadOnlyList<ChannelBinding> Channels => channels;

    /// <returns>The live permission of a peer's address, or null.</returns>
    public Permission? FindPermission(in TransportAddress peer, long now)
    {
        foreach (var permission in permissions)
        {
            if (permission.Peer.SameAddress(peer))
            {
                return permission.ExpiresTick > now ? permission : null;
            }
        }

        return null;
    }

    /// <returns>The live channel of that number, or null.</returns>
    public ChannelBinding? FindChannel(ushort number, long now)
    {
        foreach (var channel in channels)
        {
            if (channel.Number == number)
            {
                return channel.ExpiresTick > now ? channel : null;
            }
        }

        return null;
    }

    /// <returns>The live channel of that peer, or null.</returns>
    public ChannelBinding? FindChannel(in TransportAddress peer, long now)
    {
        foreach (var channel in channels)
        {
            if (channel.Peer == peer && channel.ExpiresTick > now)
            {
                return channel;
            }
        }

        return null;
    }

    /// <returns>True when <paramref name="count"/> more permissions fit.</returns>
    public bool HasRoomFor(int count, long now)
    {
        if (permissions.Count + count > MaxPermissions)
        {
            foreach (var gone in permissions.FindAll(permission => permission.ExpiresTick <= now && !channels.Exists(channel => ReferenceEquals(channel.Permission, permission))))
            {
                permissions.Remove(gone);
                journal?.Remove(gone.Cell);
            }
        }

        // A channel may come with each permission.
        return permissions.Count + count <= MaxPermissions && journal?.TryReserve(count * 2) != false;
    }

    /// <summary>Installs or refreshes a permission; the caller has checked for room and asked the policy.</summary>
    public Permission Permit(in TransportAddress peer, PeerVerdict verdict, long now)
    {
        Permission? found = null;
        foreach (var permission in permissions)
        {
            if (permission.Peer.SameAddress(peer))
            {
                found = permission;
                break;
            }
        }

        if (found is null)
        {
            found = new Permission(peer.WithPort(0));
            permissions.Add(found);
        }

        found.Verdict = verdict;
        found.ExpiresTick = now + PermissionTicks;
        found.Cell = journal?.Put(0, found.Peer, PermissionTicks * TimingWheel.TickMilliseconds, found.Cell) ?? -1;
        return found;
    }

    /// <summary>Binds a channel to a peer, or refreshes it; installs or refreshes the permission too (RFC 8656 §12.2).</summary>
    public ChannelBindResult Bind(ushort number, in TransportAddress peer, PeerVerdict verdict, long now)
    {
        ChannelBinding? found = null;
        foreach (var channel in channels)
        {
            var live = channel.ExpiresTick > now;
            if (channel.Number == number)
            {
                // Packets to the old peer may still be on their way: the number waits 5 minutes before it may mean another one.
                if (channel.Peer != peer && (live || channel.ExpiresTick + ReuseTicks > now))
                {
                    return ChannelBindResult.Conflict;
                }

                found = channel;
            }
            else if (live && channel.Peer == peer)
            {
                return ChannelBindResult.Conflict;
            }
        }

        if (found is not null && found.Peer != peer)
        {
            Remove(found);
            found = null;
        }

        if (!HasRoomFor(1, now) || (found is null && !HasChannelRoom(now)))
        {
            return ChannelBindResult.Full;
        }

        var permission = Permit(peer, verdict, now);
        if (found is null)
        {
            found = new ChannelBinding(number, peer, permission);
            channels.Add(found);
        }

        found.Permission = permission;
        found.ExpiresTick = now + ChannelTicks;
        found.Cell = journal?.Put(number, peer, ChannelTicks * TimingWheel.TickMilliseconds, found.Cell) ?? -1;
        return ChannelBindResult.Bound;
    }

    /// <summary>Judges every peer again after the rules have changed; what is no longer allowed stops at once.</summary>
    /// <param name="policy">The relay's rules.</param>
    /// <param name="limits">The new limits of tenant and credential.</param>
    public void JudgeAgain(PeerPolicy policy, PeerLimits limits)
    {
        foreach (var permission in permissions)
        {
            if (policy.JudgeAddress(permission.Peer, limits) == PeerVerdict.Denied)
            {
                permission.Verdict = PeerVerdict.Denied;
                permission.ExpiresTick = 0;
                journal?.Remove(permission.Cell);
                permission.Cell = -1;
            }
        }
    }

    /// <summary>Takes over what the journal holds, judged by the rules of today; what has ended or is no longer allowed stays away.</summary>
    /// <param name="policy">The relay's rules.</param>
    /// <param name="limits">The limits of tenant and credential.</param>
    /// <param name="now">The worker's tick.</param>
    /// <param name="journalNow">The same in <see cref="JournalClock"/> milliseconds.</param>
    public void Restore(PeerPolicy policy, PeerLimits limits, long now, long journalNow)
    {
        var kept = journal!.ReadAll();
        foreach (var (cell, entry) in kept.Where(pair => pair.Kept.Number == 0))
        {
            var verdict = policy.JudgeAddress(entry.Peer, limits);
            var ends = TickOf(entry.Deadline, PermissionTicks);
            if (ends <= now || verdict == PeerVerdict.Denied || permissions.Count == MaxPermissions)
            {
                journal.Remove(cell);
                continue;
            }

            permissions.Add(new Permission(entry.Peer) { Verdict = verdict, ExpiresTick = ends, Cell = cell });
        }

        foreach (var (cell, entry) in kept.Where(pair => pair.Kept.Number != 0))
        {
            // An expired channel still keeps its number from other peers for a while.
            var ends = TickOf(entry.Deadline, ChannelTicks);
            if (ends + ReuseTicks <= now || channels.Count == MaxChannels || channels.Exists(channel => channel.Number == entry.Number))
            {
                journal.Remove(cell);
                continue;
            }

            if (permissions.Find(permission => permission.Peer.SameAddress(entry.Peer)) is not { } permission)
            {
                permission = new Permission(entry.Peer.WithPort(0)) { Verdict = PeerVerdict.Denied };
                permissions.Add(permission);
            }

            channels.Add(new ChannelBinding(entry.Number, entry.Peer, permission) { ExpiresTick = ends, Cell = cell });
        }

        // Never longer than a client could have had at most, whatever the journal says.
        long TickOf(long deadline, long most) => now + Math.Min(most, (deadline - journalNow + TimingWheel.TickMilliseconds - 1) / TimingWheel.TickMilliseconds);
    }

    private void Remove(ChannelBinding channel)
    {
        channels.Remove(channel);
        journal?.Remove(channel.Cell);
    }

    private bool HasChannelRoom(long now)
    {
        if (channels.Count >= MaxChannels)
        {
            channels.FindAll(channel => channel.ExpiresTick + ReuseTicks <= now).ForEach(Remove);
        }

        return channels.Count < MaxChannels;
    }
}
