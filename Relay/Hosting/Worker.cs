using System.Security.Cryptography;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Allocations.Limits;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.ControlPlane.Leases;
using NetDiscovery.Relay.Handlers;
using NetDiscovery.Relay.Handover;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Mobility;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Hosting;

/// <summary>
/// One share of the data path: its own listener sockets, allocations, deadlines and buffers. Everything here is touched with
/// <see cref="Gate"/> held; workers meet only in what <see cref="RelayServices"/> holds.
/// </summary>
internal sealed partial class Worker : IDisposable
{
    // Headroom for the largest Data indication.
    private const int ResponseSize = 66 * 1024;

    // Bursts of media wait here while another allocation of the worker is served.
    private const int RelayedSocketBuffer = 256 * 1024;

    private readonly long start;
    private readonly ITimer timer;
    private readonly ILogger logger;
    private readonly uint transactionPrefix;
    private ulong transactions;
    private bool ended;

    public Worker(RelayServices services, DatagramPathChoice path, ILogger<Worker> logger)
    {
        Services = services;
        this.logger = logger;
        start = services.Time.GetTimestamp();
        Clock.UtcNow = services.Time.GetUtcNow();
        transactionPrefix = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        Path = path.Open(Gate, OnFault);
        if (Path.Log is not null)
        {
            Path.Log = services.Journal.OpenDepartures();
        }

        Path.Inherited = services.Inherited;
        Meter = new UsageMeter(Path.Log);
        Table = new AllocationTable(Wheel, Clock, services.Metrics, services.Clients, services.Mobile, Replies) { Settle = Path.Settle };
        Foreign = new ForeignTuples(this);
        Mailbox = new Mailbox(this, Foreign.Handle);
        Authenticator = new Authenticator(services.Options.Realm, services.Nonces, services.Tenants, services.Names, ThirdPartyAuthorization.From(services.Options.ThirdParty));
        Media = new MediaHandler(this);
        Opener = new RelayedSocketOpener(Path, Guarded(Media), RelayedSocketBuffer);
        Dispatcher = new MessageDispatcher(this);
        timer = services.Time.CreateTimer(_ => OnTick(), null, TimeSpan.FromMilliseconds(TimingWheel.TickMilliseconds), TimeSpan.FromMilliseconds(TimingWheel.TickMilliseconds));
    }

    /// <summary>Held by whoever is inside.</summary>
    public Lock Gate { get; } = new();

    public RelayServices Services { get; }

    public IDatagramPath Path { get; }

    public TimingWheel Wheel { get; } = new(0);

    public WorkerClock Clock { get; } = new();

    public AllocationTable Table { get; }

    /// <summary>Responses to requests that may come again when nothing else remembers them.</summary>
    public ReplyMemory Replies { get; } = new();

    /// <summary>5-tuples whose allocations other workers own.</summary>
    public ForeignTuples Foreign { get; }

    /// <summary>What other workers tell this one. Any thread.</summary>
    public Mailbox Mailbox { get; }

    public Authenticator Authenticator { get; }

    public MediaHandler Media { get; }

    /// <summary>Counts what its allocations use.</summary>
    public UsageMeter Meter { get; }

    public RelayedSocketOpener Opener { get; }

    public MessageDispatcher Dispatcher { get; }

    /// <summary>Its sockets on two addresses and two ports; null without NAT behaviour discovery. Set before anything is received.</summary>
    public BehaviourSockets? Behaviour { get; set; }

    /// <summary>Where responses are written; good until the next message.</summary>
    public byte[] Response { get; } = GC.AllocateUninitializedArray<byte>(ResponseSize, pinned: true);

    /// <summary>A transaction id for an indication: unlike those before, not a secret.</summary>
    public TransactionId NextTransaction() => new(transactionPrefix, ++transactions);

    /// <summary>Tells this worker from others in the journal where the kernel alone knows which worker a client reaches; else 0.</summary>
    public int Mark { get; set; }

    /// <summary>Handles one message of a client. An error of ours costs that message, not the relay.</summary>
    public void OnMessage(ReadOnlySpan<byte> message, in FiveTuple tuple, ClientLeg leg)
    {
        try
        {
            if (!Foreign.TryForward(message, tuple, leg))
            {
                Dispatcher.OnMessage(message, tuple, leg);
            }
        }
        catch (Exception exception)
        {
            OnFault(exception);
        }
    }

    /// <summary>A client's connection or association has ended. Called inside the worker.</summary>
    public void OnLegClosed(in FiveTuple tuple)
    {
        if (!Table.OnLegClosed(tuple))
        {
            Foreign.OnLegClosed(tuple);
        }
    }

    /// <summary>Ends an allocation of this worker.</summary>
    /// <returns>False when it is not here.</returns>
    public bool Cut(AllocationId id)
    {
        lock (Gate)
        {
            if (ended || !Table.TryGet(id, out var allocation))
            {
                return false;
            }

            Table.Close(allocation, AllocationCloseReason.Cut);
            return true;
        }
    }

    /// <summary>Applies a tenant's new policy to what is alive: ends what is no longer allowed, closes peers that are.</summary>
    public void OnTenantChanged(TenantEntry tenant)
    {
        lock (Gate)
        {
            if (ended)
            {
                return;
            }

            var policy = tenant.Policy;
            Table.CloseWhere(allocation =>
            {
                if (!ReferenceEquals(allocation.Credential.Tenant, tenant))
                {
                    return null;
                }

                allocation.Peers.JudgeAgain(Services.Peers, policy.PeerLimits(allocation.Credential.Peers));
                allocation.Streams?.JudgeAgain(Services.Peers, policy.PeerLimits(allocation.Credential.Peers));
                allocation.Limits = TrafficLimits.For(tenant, allocation.Credential.Claims.Scopes.BitsPerSecond, Services);
                if (tenant.Traffic.BytesReached)
                {
                    return AllocationCloseReason.QuotaReached;
                }

                return policy.Judge(allocation.Credential.Claims, Clock.UtcNow) switch
                {
                    CredentialStanding.TenantInactive => AllocationCloseReason.TenantInactive,
                    CredentialStanding.Revoked or CredentialStanding.KeyRetired => AllocationCloseReason.Revoked,
                    CredentialStanding.Expired => AllocationCloseReason.CredentialExpired,
                    _ => policy.Accepts(allocation.FiveTuple.Transport) && policy.AcceptsRegion(allocation.Credential.Claims, Services.Identity.Region) ? null : AllocationCloseReason.Cut,
                };
            });
            Table.FastPath.Recheck();
        }
    }

    /// <summary>Handles the requests that waited for a tenant.</summary>
    public void OnTenantAnswered(TenantId tenant) => HandleWaiting(() => Dispatcher.OnTenantAnswered(tenant));

    /// <summary>Handles the Allocates that waited for a lease.</summary>
    public void OnLeaseAnswered(Lease lease) => HandleWaiting(() => Dispatcher.OnLeaseAnswered(lease));

    /// <summary>Ends the allocations of clients whose connections end with this process.</summary>
    public void CloseStreams()
    {
        lock (Gate)
        {
            Table.CloseWhere(allocation => allocation.FiveTuple.Transport == Transport.Udp ? null : AllocationCloseReason.RelayStopped);
        }
    }

    /// <summary>Stops for good and leaves everything as it is: another process carries it on.</summary>
    /// <returns>The relayed sockets.</returns>
    public List<HandedSocket> Freeze()
    {
        timer.Dispose();
        lock (Gate)
        {
            ended = true;
            Mailbox.Close();
            Path.Freeze();
            return Table.Release();
        }
    }

    /// <summary>Ends all allocations: the relay stops.</summary>
    public void CloseAll()
    {
        lock (Gate)
        {
            Table.CloseWhere(_ => AllocationCloseReason.RelayStopped);
        }
    }

    /// <summary>Stops for good. What still comes in from other threads, as answers of the cluster do, finds nothing to do.</summary>
    public void Dispose()
    {
        timer.Dispose();
        lock (Gate)
        {
            ended = true;
            Mailbox.Close();
            Path.Dispose();
        }
    }

    private void HandleWaiting(Action handle)
    {
        lock (Gate)
        {
            if (ended)
            {
                return;
            }

            try
            {
                handle();
            }
            catch (Exception exception)
            {
                OnFault(exception);
            }
        }
    }

    private void OnTick()
    {
        lock (Gate)
        {
            if (ended)
            {
                return;
            }

            Clock.UtcNow = Services.Time.GetUtcNow();
            try
            {
                Wheel.AdvanceTo((long)Services.Time.GetElapsedTime(start).TotalMilliseconds / TimingWheel.TickMilliseconds);
                Table.FastPath.OnTick(Wheel.Now);
            }
            catch (Exception exception)
            {
                OnFault(exception);
            }
        }
    }

    /// <summary>Counts and logs an error of our own, which must cost one message and not the relay.</summary>
    public void OnFault(Exception exception)
    {
        Services.Metrics.Dropped(DropReason.Fault);
        LogFault(exception);
    }

    private GuardedSink Guarded(IPeerDataSink inner) => new(this, inner);

    [LoggerMessage(1101, LogLevel.Error, "A message was dropped because of an error in the relay")]
    private partial void LogFault(Exception exception);

    private sealed class GuardedSink(Worker worker, IPeerDataSink inner) : IPeerDataSink
    {
        public void OnPeerData(RelayedSocket relayed, Span<byte> buffer, int length, in TransportAddress from)
        {
            try
            {
                inner.OnPeerData(relayed, buffer, length, from);
            }
            catch (Exception exception)
            {
                worker.OnFault(exception);
            }
        }

        public void OnUnsentToPeer(RelayedSocket relayed, int length, bool counted) => inner.OnUnsentToPeer(relayed, length, counted);

        public void OnIcmp(RelayedSocket relayed, in TransportAddress to, Icmp error) => inner.OnIcmp(relayed, to, error);
    }
}
