using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>
/// What the cluster has yet to hear of one allocation. A worker notes, its shard's sender takes; what is noted twice before it is
/// taken is told once, with the latest values, so that the memory needed does not grow while the cluster is away.
/// </summary>
/// <param name="slot">Its place in the journal.</param>
/// <param name="opened">Who it is.</param>
/// <param name="claims">The claims in <paramref name="opened"/>, where they were read already.</param>
/// <param name="shard">Sends its events.</param>
internal sealed class AllocationReport(JournalSlot slot, SlotIdentity opened, CredentialClaims? claims, EventShard shard)
{
    private const long OpeningSequence = 1;

    private readonly Lock gate = new();
    private SlotIdentity identity = opened;
    private Dictionary<TransportAddress, DateTimeOffset>? permissions;
    private Dictionary<int, (TransportAddress Peer, DateTimeOffset ExpiresAt)>? channels;
    private Due due;
    private long reportedTotal;
    private bool queued;

    [Flags]
    private enum Due : byte
    {
        None = 0,
        Opened = 1,
        Refreshed = 2,
        Usage = 4,
        Closed = 8,
        Moved = 16,
    }

    /// <summary>The allocation's place in the journal.</summary>
    public JournalSlot Slot => slot;

    /// <summary>Who it is.</summary>
    public SlotIdentity Identity => Volatile.Read(ref identity);

    /// <summary>Notes that the allocation was opened.</summary>
    public void Opened() => Note(Due.Opened);

    /// <summary>Notes that the client has moved.</summary>
    /// <param name="moved">The same allocation at its new 5-tuple.</param>
    public void Moved(SlotIdentity moved)
    {
        Volatile.Write(ref identity, moved);
        Note(Due.Moved);
    }

    /// <summary>Notes a new expiry; the slot holds it.</summary>
    public void Refreshed() => Note(Due.Refreshed);

    /// <summary>Notes the end; the slot holds reason, time and final totals.</summary>
    public void Closed() => Note(Due.Closed);

    /// <summary>Notes a permission.</summary>
    public void PermissionInstalled(in TransportAddress peer, DateTimeOffset expiresAt)
    {
        lock (gate)
        {
            (permissions ??= [])[peer.WithPort(0)] = expiresAt;
        }

        Note(Due.None);
    }

    /// <summary>Notes a channel.</summary>
    public void ChannelBound(int number, in TransportAddress peer, DateTimeOffset expiresAt)
    {
        lock (gate)
        {
            (channels ??= [])[number] = (peer, expiresAt);
        }

        Note(Due.None);
    }

    /// <summary>Notes usage when packets, or bytes of streams, were counted since the last report. Only the reporter's timer calls this.</summary>
    public void ObserveUsage()
    {
        ref var counters = ref slot.Counters;
        var total = Volatile.Read(ref counters.PacketsFromClient) + Volatile.Read(ref counters.PacketsToClient)
            + Volatile.Read(ref counters.PacketsToPeer) + Volatile.Read(ref counters.PacketsFromPeer)
            + Volatile.Read(ref counters.BytesToPeer) + Volatile.Read(ref counters.BytesFromPeer);
        if (total != reportedTotal)
        {
            reportedTotal = total;
            Note(Due.Usage);
        }
    }

    /// <summary>Makes events of what was noted and gives them their numbers. Only the shard's sender calls this.</summary>
    /// <param name="relay">This relay.</param>
    /// <param name="now">The present.</param>
    /// <param name="events">Takes the events, in order.</param>
    public void Take(RelayIdentity relay, DateTimeOffset now, List<ControlEvent> events)
    {
        Due taken;
        Dictionary<TransportAddress, DateTimeOffset>? takenPermissions;
        Dictionary<int, (TransportAddress Peer, DateTimeOffset ExpiresAt)>? takenChannels;
        lock (gate)
        {
            (taken, due) = (due, Due.None);
            (takenPermissions, permissions) = (permissions, null);
            (takenChannels, channels) = (channels, null);
            queued = false;
        }

        // Number 1 is the opening's even where none is told now: of an allocation of a process that was killed before it had told anything, the cluster
        // asks for the opening, and another event with the same number would count as seen.
        var allocation = identity.Allocation;
        slot.Sequence = Math.Max(slot.Sequence, OpeningSequence);
        if (taken.HasFlag(Due.Opened))
        {
            events.Add(MakeOpened(relay));
        }

        if (takenPermissions is not null)
        {
            foreach (var (peer, expiresAt) in takenPermissions)
            {
                events.Add(new PermissionInstalled { Allocation = allocation, Sequence = ++slot.Sequence, At = now, PeerAddress = peer.ToIPAddress().ToString(), ExpiresAt = expiresAt });
            }
        }

        if (takenChannels is not null)
        {
            foreach (var (number, (peer, expiresAt)) in takenChannels)
            {
                events.Add(new ChannelBound { Allocation = allocation, Sequence = ++slot.Sequence, At = now, Channel = number, Peer = peer.ToContract(), ExpiresAt = expiresAt });
            }
        }

        if (taken.HasFlag(Due.Moved))
        {
            // What was used so far was used over the transport before.
            events.Add(new UsageObserved { Allocation = allocation, Sequence = ++slot.Sequence, At = now, Totals = Totals() });
            events.Add(new AllocationMoved { Allocation = allocation, Sequence = ++slot.Sequence, At = now, FiveTuple = ContractTuple(Identity) });
        }

        if (taken.HasFlag(Due.Refreshed))
        {
            events.Add(new AllocationRefreshed { Allocation = allocation, Sequence = ++slot.Sequence, At = now, ExpiresAt = slot.ExpiresAt });
        }

        if (taken.HasFlag(Due.Closed))
        {
            if (slot.ClosedSequence <= OpeningSequence)
            {
                slot.ClosedSequence = ++slot.Sequence;
            }

            events.Add(new AllocationClosed { Allocation = allocation, Sequence = slot.ClosedSequence, At = slot.ClosedAt, Reason = slot.CloseReason, Totals = Totals() });
        }
        else if (taken.HasFlag(Due.Usage))
        {
            events.Add(new UsageObserved { Allocation = allocation, Sequence = ++slot.Sequence, At = now, Totals = Totals() });
        }
    }

    /// <summary>The allocation's first event, from what the journal holds: the same whenever it is made.</summary>
    public AllocationOpened MakeOpened(RelayIdentity relay)
    {
        var who = claims ?? ReadClaims();
        var relayed = ImmutableArray.Create(identity.Relayed.ToContract());
        return new AllocationOpened
        {
            Allocation = identity.Allocation,
            Sequence = OpeningSequence,
            At = identity.OpenedAt,
            Tenant = who.Tenant,
            Session = who.Session,
            Token = who.Token,
            Endpoint = who.Endpoint ?? "",
            Label = who.Label ?? "",
            Region = relay.Region,
            RelayId = relay.Id,
            FiveTuple = ContractTuple(Identity),
            RelayedTransportAddresses = identity.RelayedAdditional.IsSet ? relayed.Add(identity.RelayedAdditional.ToContract()) : relayed,
            ExpiresAt = slot.ExpiresAt,
        };
    }

    private CredentialClaims ReadClaims() => TurnCredential.TryDecode(identity.Claims, out var read)
        ? read
        : throw new InvalidOperationException("The journal holds claims that were never accepted.");

    private static FiveTuple ContractTuple(SlotIdentity identity) => new(identity.Client.ToContract(), identity.Server.ToContract(), identity.Transport);

    private UsageTotals Totals()
    {
        ref var counters = ref slot.Counters;
        return new UsageTotals
        {
            BytesFromClient = Volatile.Read(ref counters.BytesFromClient),
            BytesToClient = Volatile.Read(ref counters.BytesToClient),
            BytesToPeer = Volatile.Read(ref counters.BytesToPeer),
            BytesFromPeer = Volatile.Read(ref counters.BytesFromPeer),
            PacketsFromClient = Volatile.Read(ref counters.PacketsFromClient),
            PacketsToClient = Volatile.Read(ref counters.PacketsToClient),
            PacketsToPeer = Volatile.Read(ref counters.PacketsToPeer),
            PacketsFromPeer = Volatile.Read(ref counters.PacketsFromPeer),
        };
    }

    private void Note(Due what)
    {
        lock (gate)
        {
            due |= what;
            if (queued)
            {
                return;
            }

            queued = true;
        }

        shard.Enqueue(this);
    }
}
