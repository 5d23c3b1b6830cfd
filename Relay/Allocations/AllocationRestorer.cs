using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Allocations.Limits;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Handlers;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Mobility;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Turn;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Allocations;

/// <summary>
/// Carries on what an earlier process left in the journal: allocations of UDP clients go on with their relayed ports, permissions and channels;
/// all others are ended with their final totals, each for its reason. Runs once, after the listeners are bound and before they receive.
/// </summary>
internal sealed partial class AllocationRestorer(RelayServices services, ListenerSet listeners, ILogger logger) : IDisposable
{
    /// <summary>Pause between looks at tenants that no answer came for.</summary>
    public static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(600);

    private readonly List<Waiting> waiting = [];
    private readonly Lock gate = new();
    private ITimer? timer;
    private bool disposed;
    private int restored;
    private int ended;

    /// <summary>Goes through the journal.</summary>
    public void Run()
    {
        if (services.Journal.Damaged > 0)
        {
            LogDamaged(services.Journal.Damaged);
        }

        if (services.Journal.Resolved > 0)
        {
            LogResolved(services.Journal.Resolved);
        }

        // An answer that comes meanwhile has its turn after.
        lock (gate)
        {
            foreach (var slot in services.Journal.Earlier)
            {
                var identity = SlotIdentity.TryRead(slot.Identity)!;
                if (slot.State == SlotState.Closed)
                {
                    services.Reporter.Resume(slot, identity).Closed();
                }
                else
                {
                    Consider(slot, identity);
                }
            }

            services.Journal.Earlier.Clear();
            if (waiting.Count > 0)
            {
                timer = services.Time.CreateTimer(_ => LookAgain(), null, AskAgain, AskAgain);
            }

            if (restored + ended + waiting.Count > 0)
            {
                LogRestored(restored, waiting.Count, ended);
            }
        }
    }

    /// <summary>Restores what waited for a tenant. To be called before its clients' requests are handled that waited too.</summary>
    public void OnTenantAnswered(TenantId tenant) => Retry(found => found.Claims.Tenant == tenant);

    /// <summary>
    /// Stops waiting for tenants; what waits stays in the journal for the next start. Returns when nothing is being restored any more: what opened
    /// sockets and wrote into the journal after the relay has closed both would write into memory that is not there.
    /// </summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
        }

        timer?.Dispose();
    }

    private void Consider(JournalSlot slot, SlotIdentity identity)
    {
        // A stream, or a DTLS association, is gone with the process that held it.
        if (identity.Transport != Transport.Udp)
        {
            End(slot, identity, AllocationCloseReason.ConnectionClosed, DiedAt);
        }
        else if (!TurnCredential.TryDecode(identity.Claims, out var claims) || !slot.Reply.TryRead(out _, out _))
        {
            // Without its response it never reached its client.
            End(slot, identity, AllocationCloseReason.RelayRestarted, DiedAt);
        }
        else if (!TryReserve(slot, identity, out var addresses))
        {
            End(slot, identity, AllocationCloseReason.RelayedAddressLost, DiedAt);
        }
        else
        {
            Restore(new Waiting(slot, identity, claims, addresses));
        }
    }

    private DateTimeOffset DiedAt => services.Journal.EarlierAliveAt ?? services.Time.GetUtcNow();

    /// <summary>Keeps the relayed ports from being given to others while nothing more can be decided.</summary>
    private bool TryReserve(JournalSlot slot, SlotIdentity identity, out List<RelayedAddress> addresses)
    {
        addresses = [];
        foreach (var relayed in new[] { identity.Relayed, identity.RelayedAdditional })
        {
            if (!relayed.IsSet || slot.HasLost(relayed.Family))
            {
                continue;
            }

            if (services.Relayed.All.FirstOrDefault(own => own.Public.SameAddress(relayed)) is not { } address || !address.Ports.TryTake(relayed.Port))
            {
                LogNotOurs(relayed);
                addresses.ForEach(taken => taken.Ports.Release(PortOn(taken, identity)));
                return false;
            }

            addresses.Add(address);
        }

        return addresses.Count > 0;
    }

    private void Restore(Waiting found)
    {
        if (TryDecide(found))
        {
            services.Awaited.Remove(found.Identity);
        }
        else
        {
            services.Awaited.Add(found.Identity);
            waiting.Add(found);
        }
    }

    /// <returns>False while its tenant is not known.</returns>
    private bool TryDecide(Waiting found)
    {
        if (found.Slot.Deadline <= services.Journal.Clock.Now)
        {
            var withCredential = found.Claims.ExpiresAt <= services.Time.GetUtcNow();
            Release(found, withCredential ? AllocationCloseReason.CredentialExpired : AllocationCloseReason.Expired, found.Slot.ExpiresAt);
            return true;
        }

        switch (services.Tenants.Find(found.Claims.Tenant, found.Identity.Client, out var tenant))
        {
            case TenantLookup.Known:
                break;
            case TenantLookup.Absent:
                Release(found, AllocationCloseReason.TenantInactive, services.Time.GetUtcNow());
                return true;
            default:
                return false;
        }

        if (Judge(found, tenant!) is { } reason)
        {
            Release(found, reason, services.Time.GetUtcNow());
        }
        else if (listeners.FindUdp(found.Identity.Client, found.Identity.Server, found.Slot.Worker) is not { } listener)
        {
            LogNoListener(found.Identity.Server);
            Release(found, AllocationCloseReason.RelayRestarted, DiedAt);
        }
        else
        {
            Open(found, tenant!, listener);
        }

        return true;
    }

    private AllocationCloseReason? Judge(Waiting found, TenantEntry tenant) => tenant.Policy.Judge(found.Claims, services.Time.GetUtcNow()) switch
    {
        CredentialStanding.TenantInactive => AllocationCloseReason.TenantInactive,
        CredentialStanding.Revoked or CredentialStanding.KeyRetired => AllocationCloseReason.Revoked,
        CredentialStanding.Expired => AllocationCloseReason.CredentialExpired,
        _ => tenant.Policy.Accepts(found.Identity.Transport) && tenant.Policy.AcceptsRegion(found.Claims, services.Identity.Region) ? null : AllocationCloseReason.Cut,
    };

    private void Open(Waiting found, TenantEntry tenant, UdpListener listener)
    {
        var worker = listener.Worker;
        lock (worker.Gate)
        {
            var opened = new List<RelayedSocket>();
            foreach (var address in found.Addresses)
            {
                var port = PortOn(address, found.Identity);
                if (worker.Opener.TryOpenReserved(address, port) is not { } socket)
                {
                    LogPortTaken(address.Public.WithPort(port));
                    opened.ForEach(other => other.Dispose());
                    found.Addresses.SkipWhile(other => other != address).Skip(1).ToList().ForEach(other => other.Ports.Release(PortOn(other, found.Identity)));
                    End(found.Slot, found.Identity, AllocationCloseReason.RelayedAddressLost, DiedAt);
                    return;
                }

                opened.Add(socket);
            }

            var allocation = Make(found, tenant, listener, opened);
            tenant.Adopt(found.Claims.Token, found.Claims.Scopes.MaxAllocations, services.Leases);
            allocation.Limits = TrafficLimits.For(tenant, found.Claims.Scopes.BitsPerSecond, services);
            found.Slot.Worker = worker.Mark;
            worker.Table.Add(allocation);
            if (allocation.Mobile)
            {
                services.Mobile.Add(new MobileAllocation(allocation.Id, worker, allocation.Credential.Username));
            }

            if (found.Slot.ToldOfIcmp)
            {
                allocation.TellOfIcmp();
            }

            opened.ForEach(socket => socket.Start(allocation));
            Tell(allocation);
            restored++;
        }
    }

    private Allocation Make(Waiting found, TenantEntry tenant, UdpListener listener, List<RelayedSocket> opened)
    {
        var worker = listener.Worker;
        var (now, utcNow) = (worker.Wheel.Now, services.Time.GetUtcNow());
        found.Slot.Reply.TryRead(out var transaction, out var response);
        var left = Math.Min(found.Slot.Deadline - services.Journal.Clock.Now, TurnDefaults.MaxLifetimeSeconds * 1000L);
        var allocation = new Allocation
        {
            Id = found.Identity.Allocation,
            FiveTuple = new FiveTuple(found.Identity.Client, found.Identity.Server, found.Identity.Transport),
            Leg = listener,
            Credential = Credential.Make(found.Identity.Username, found.Claims, tenant),
            Slot = found.Slot,
            Report = services.Reporter.Resume(found.Slot, found.Identity),
            Table = worker.Table,
            Mobile = found.Slot.Mobile,
            Peers = new PeerTable(services.Journal.PeersOf(found.Slot, found.Identity.Allocation)),
            AllocateTransaction = transaction,
            AllocateResponse = response,
            IPv4 = opened.Find(socket => socket.Public.Family == IPFamily.IPv4),
            IPv6 = opened.Find(socket => socket.Public.Family == IPFamily.IPv6),
            ExpiresTick = now + Math.Max(1, left / TimingWheel.TickMilliseconds),
            CredentialExpiresTick = GrantedLifetime.TickOf(found.Claims.ExpiresAt, now, utcNow),
        };
        allocation.Peers.Restore(services.Peers, tenant.Policy.PeerLimits(allocation.Credential.Peers), now, services.Journal.Clock.Now);
        return allocation;
    }

    /// <summary>Says again what the process that died may have had no time to say.</summary>
    private void Tell(Allocation allocation)
    {
        var (now, utcNow) = (allocation.Table.Wheel.Now, services.Time.GetUtcNow());
        foreach (var permission in allocation.Peers.Permissions.Where(permission => permission.ExpiresTick > now))
        {
            allocation.Report.PermissionInstalled(permission.Peer, At(permission.ExpiresTick));
        }

        foreach (var channel in allocation.Peers.Channels.Where(channel => channel.ExpiresTick > now))
        {
            allocation.Report.ChannelBound(channel.Number, channel.Peer, At(channel.ExpiresTick));
        }

        if (allocation.Mobile)
        {
            allocation.Report.Moved(allocation.Report.Identity);
        }

        allocation.Report.Refreshed();

        DateTimeOffset At(long tick) => utcNow.AddMilliseconds((tick - now) * TimingWheel.TickMilliseconds);
    }

    private void LookAgain()
    {
        Retry(_ => true);
        lock (gate)
        {
            if (waiting.Count == 0)
            {
                Dispose();
            }
        }
    }

    private void Retry(Predicate<Waiting> which)
    {
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            var again = waiting.FindAll(which);
            waiting.RemoveAll(which);
            again.ForEach(Restore);
        }
    }

    private void Release(Waiting found, AllocationCloseReason reason, DateTimeOffset at)
    {
        found.Addresses.ForEach(address => address.Ports.Release(PortOn(address, found.Identity)));
        End(found.Slot, found.Identity, reason, at);
    }

    private void End(JournalSlot slot, SlotIdentity identity, AllocationCloseReason reason, DateTimeOffset at)
    {
        ended++;
        slot.Close(reason, at);
        services.Reporter.Resume(slot, identity).Closed();
        services.Metrics.AllocationClosed(identity.Transport, reason);
    }

    private static ushort PortOn(RelayedAddress address, SlotIdentity identity) =>
        address.Public.SameAddress(identity.Relayed) ? identity.Relayed.Port : identity.RelayedAdditional.Port;

    private sealed record Waiting(JournalSlot Slot, SlotIdentity Identity, CredentialClaims Claims, List<RelayedAddress> Addresses);

    [LoggerMessage(1251, LogLevel.Information, "Of the earlier process's allocations {Restored} go on, {Waiting} wait for their tenant, {Ended} have ended and are being reported")]
    private partial void LogRestored(int restored, int waiting, int ended);

    [LoggerMessage(1252, LogLevel.Error, "{Count} slots of the journal were damaged and are kept beside it in a file that ends in .damaged; usage in them that was not reported is not billed")]
    private partial void LogDamaged(int count);

    [LoggerMessage(1253, LogLevel.Warning, "Relayed address {Address} of an earlier allocation is taken by another program: the allocation ends")]
    private partial void LogPortTaken(TransportAddress address);

    [LoggerMessage(1254, LogLevel.Warning, "Relayed address {Address} of an earlier allocation is outside of Relay:ListenAddresses, Relay:MinPort and Relay:MaxPort: the allocation ends")]
    private partial void LogNotOurs(TransportAddress address);

    [LoggerMessage(1256, LogLevel.Information, "The earlier process ended in the middle of a batch of {Count} datagrams: those it had sent are counted now")]
    private partial void LogResolved(int count);

    [LoggerMessage(1255, LogLevel.Warning, "The relay no longer listens on {Address}, or on so many sockets as before: an earlier allocation there ends")]
    private partial void LogNoListener(TransportAddress address);
}
