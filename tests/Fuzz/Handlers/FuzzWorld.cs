using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NetDiscovery.Fuzz.Engine;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>One worker of a relay with everything around it in memory: sockets, clients, peers, cluster, clock.</summary>
internal sealed class FuzzWorld : IDisposable
{
    /// <summary>Few relayed ports, so that inputs run out of them.</summary>
    public const int MinPort = 50_000;

    /// <inheritdoc cref="MinPort"/>
    public const int MaxPort = 50_007;

    private const int ShortLived = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string folder = Directory.CreateDirectory(
        Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"netdiscovery-fuzz-{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;

    private readonly ServiceProvider meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConcurrentQueue<TenantId> answered = new();
    private readonly HashSet<TenantId> waiting = [];
    private readonly RelayServer server;
    private readonly RelayServices services;
    private readonly Account[] accounts = [new(1), new(2), new(3)];
    private readonly FuzzCluster cluster = new();
    private readonly int timersAtRest;
    private readonly int socketsAtRest;
    private int serial;
    private bool shortLivedUsed;

    public FuzzWorld(PeerDatagram sent)
    {
        var options = new RelayOptions
        {
            Id = "fuzz", ListenAddresses = ["9.9.9.9", "2600:9::1"], PublicAddresses = ["5.6.7.8"], TlsPort = 0, DataPath = folder, Workers = 1, Realm = "fuzz",
            MinPort = MinPort, MaxPort = MaxPort, UsageReportSeconds = 3600, JournalMegabytes = 16,
            UnauthenticatedPerSecond = 0, BindingsPerSecond = 0, TcpRelaying = false, AlternateAddress = "9.9.9.10", AlternatePort = 3480,
        };
        var identity = new RelayIdentity(options.Id, "local", Guid.Empty);
        var pacing = new ControlPlanePacing { Linger = TimeSpan.Zero };
        server = new RelayServer(options, identity, cluster, new RelayMetrics(meters.GetRequiredService<IMeterFactory>()), pacing, Clock, NullLoggerFactory.Instance);
        Model = new AllocationModel(Clock);
        server.Workers[0].Dispose();

        // A file written for each change of a tenant would be most of the work.
        services = server.Services with { Tenants = new TenantCache(cluster, new TenantStore("", NullLogger<TenantStore>.Instance), pacing, Clock, NullLogger<TenantCache>.Instance) };
        Sockets = new FuzzPath(sent);
        Worker = new Worker(services, new DatagramPathChoice("fuzz", (_, _) => Sockets), new FaultLogger());
        Behaviour = BehaviourAddresses.Resolve(ListenAddress.Resolve(options), options)!;
        Worker.Behaviour = new BehaviourSockets(Behaviour);
        foreach (var local in Behaviour.Locals)
        {
            var listener = new UdpListener(Worker);
            listener.TryBind(local, PortSharing.None, out _);
            Worker.Behaviour.Add(local, listener);
        }

        socketsAtRest = Sockets.Open;
        services.Tenants.Changed += Worker.OnTenantChanged;
        services.Tenants.Answered += answered.Enqueue;
        timersAtRest = Worker.Wheel.Count;

        var now = Clock.GetUtcNow();
        var ages = TimeSpan.FromDays(365 * 60);
        Credentials =
        [
            accounts[0].Mint(1, now, ages),
            accounts[1].Mint(2, now, ages),
            accounts[0].Mint(3, now, ages, new CredentialScopes { Peers = ["1.2.3.0/24"], SourceAddress = "5.5.5.5/32" }),
            accounts[0].Mint(4, now, ages, label: "label"),
            accounts[2].Mint(5, now, ages),
            accounts[0].Mint(6, now, ages, keyVersion: 9),
            accounts[1].Mint(7, now, TimeSpan.FromSeconds(400)),
            accounts[1].Mint(8, now, ages),
        ];
        foreach (var account in accounts[..2])
        {
            cluster.Put(account.Next(0, default, now));
        }

        KnowTenants();
    }

    /// <summary>REALM.</summary>
    public static ReadOnlySpan<byte> Realm => "fuzz"u8;

    public FuzzClock Clock { get; } = new();

    public FuzzPath Sockets { get; }

    public Worker Worker { get; }

    /// <summary>The four addresses of NAT behaviour discovery (RFC 5780).</summary>
    public BehaviourAddresses Behaviour { get; }

    /// <summary>Whose message is being handled.</summary>
    public FuzzClient? Asking { get; set; }

    /// <summary>What must exist.</summary>
    public AllocationModel Model { get; }

    public NonceIssuer Nonces => services.Nonces;

    /// <summary>The third account's tenant does not exist; one credential is of a retired key, one is scoped, one lives 400 s.</summary>
    public FuzzCredential[] Credentials { get; }

    public FuzzClient[] Clients { get; } =
    [
        new(Transport.Udp, "1.1.1.1:1111", "9.9.9.9:3478", 0),
        new(Transport.Udp, "1.1.1.1:2222", "9.9.9.9:3478", 0),
        new(Transport.Udp, "[2600:2::2]:2", "[2600:9::1]:3478", 1),
        new(Transport.Tcp, "3.3.3.3:3", "9.9.9.9:3478", 3),
        new(Transport.Tls, "[2600:4::4]:4", "[2600:9::1]:5349", 0),
        new(Transport.Udp, "5.5.5.5:5", "9.9.9.9:3478", 2),
        new(Transport.Dtls, "6.6.6.6:6", "9.9.9.9:5349", 7),
        new(Transport.Tcp, "7.7.7.7:7", "9.9.9.9:3478", ShortLived),
    ];

    /// <summary>The RESERVATION-TOKEN told last.</summary>
    public ulong Token { get; set; }

    /// <summary>The relay takes no new allocations.</summary>
    public bool Draining
    {
        get => services.Draining;
        set => services.Draining = value;
    }

    /// <summary>Relayed ports of the IPv4 or the IPv6 address that are taken.</summary>
    public bool IsTaken(in TransportAddress relayed) => services.Relayed.IsRelayedNow(relayed);

    /// <returns>The account a tenant id belongs to, or null.</returns>
    public Account? AccountOf(TenantId tenant) => Array.Find(accounts, account => account.Id == tenant);

    /// <returns>True when the relay knows the tenant and need not ask.</returns>
    public bool Knows(TenantId tenant) => services.Tenants.TryGet(tenant, out _);

    /// <returns>True for the username of a credential whose tenant is known.</returns>
    public bool IsCurrent(ReadOnlySpan<byte> username)
    {
        foreach (var credential in Credentials)
        {
            if (credential.Account != accounts[2] && username.SequenceEqual(credential.Username))
            {
                return Knows(credential.Claims.Tenant);
            }
        }

        return false;
    }

    /// <summary>Notes that a request waits, or was dropped, for a tenant that is not known.</summary>
    public void Await(TenantId tenant) => waiting.Add(tenant);

    /// <summary>Mints the short-lived credential anew, once for each input that uses it.</summary>
    public void UseShortLived()
    {
        if (!shortLivedUsed)
        {
            shortLivedUsed = true;
            Credentials[ShortLived] = accounts[1].Mint(1000 + ++serial, Clock.GetUtcNow(), TimeSpan.FromSeconds(400));
        }
    }

    /// <summary>Changes a tenant; everything that follows from it has happened when the method returns.</summary>
    public Account Change(int number, int variant)
    {
        // An answer that comes by itself just now would apply the change beside this thread.
        Until(() => services.Tenants.Questions == 0, "questions for tenants end");
        var account = accounts[number & 1];
        var snapshot = account.Next(variant, Credentials[number & 1].Claims.Token, Clock.GetUtcNow());
        cluster.Put(snapshot);
        var refreshed = services.Tenants.RefreshAsync(account.Id, snapshot.Version);
        FuzzFailure.Unless(refreshed.IsCompletedSuccessfully, "a tenant's change is applied at once");
        return account;
    }

    /// <summary>Lets the worker handle the answers of the cluster that have come.</summary>
    /// <param name="handle">Called for each.</param>
    public void TakeAnswers(Action<TenantId> handle)
    {
        while (answered.TryDequeue(out var tenant))
        {
            waiting.Remove(tenant);
            handle(tenant);
        }
    }

    /// <summary>Ends everything an input began and checks that nothing is left of it.</summary>
    public void Rest()
    {
        shortLivedUsed = false;
        Draining = false;
        Sockets.Jammed = Sockets.OutOfSockets = false;
        foreach (var client in Clients)
        {
            client.Leg.Stalled = false;
            client.Forget();
        }

        Model.Clear();
        Worker.CloseAll();
        Clock.Advance(45_000);
        for (var i = 0; i < 2; i++)
        {
            if (accounts[i].Variant != 0)
            {
                Change(i, 0);
            }

            FuzzFailure.Unless(!services.Tenants.TryGet(accounts[i].Id, out var entry) || entry.Allocations == 0, "quotas are free again after everything was closed");
        }

        FuzzFailure.Unless(Worker.Table.Count == 0, "no allocation is left after everything was closed");
        FuzzFailure.Unless(services.Mobile.Count == 0, "no ticket leads anywhere after everything was closed");
        FuzzFailure.Unless(Worker.Wheel.Count == timersAtRest, "no timer is left after everything was closed");
        FuzzFailure.Unless(Sockets.Open == socketsAtRest, "no socket is left after everything was closed");
        FuzzFailure.Unless(services.Relayed.All.All(address => address.Ports.Free == address.Ports.Capacity), "no port is taken after everything was closed");
        FuzzFailure.Unless(Clients.All(client => client.Leg.Allocations == 0), "no leg has an allocation after everything was closed");
    }

    // Whom questions for tenants are asked on behalf of.
    private static readonly TransportAddress Stranger = TransportAddress.Parse("8.8.8.8:40000");

    /// <summary>What a relay does on other threads: questions end, ends of allocations are confirmed to the journal, refusals are forgotten.</summary>
    /// <param name="handle">Called for each answer.</param>
    public void Settle(Action<TenantId> handle)
    {
        Until(() => !waiting.Any(tenant => services.Tenants.Find(tenant, Stranger, out _) == TenantLookup.Asking), "questions for tenants end");
        TakeAnswers(handle);
        waiting.Clear();
        FuzzFailure.Unless(services.Tenants.RepairAsync(CancellationToken.None).Wait(Patience), "tenants are repaired");
        KnowTenants();

        // Only now, not all the time: with threads of its own it would make runs differ.
        using var stopping = new CancellationTokenSource();
        var reporting = Task.Run(() => services.Reporter.RunAsync(stopping.Token));
        Until(() => services.Reporter.Unconfirmed == 0, "ends of allocations are confirmed and leave the journal");
        stopping.Cancel();
        Until(() => reporting.IsCompleted, "the reporter ends");
        FuzzFailure.Unless(services.Journal.InUse == 0, "the journal is empty after everything was closed");
    }

    public void Dispose()
    {
        Worker.Dispose();
        services.Journal.Dispose();
        meters.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void KnowTenants() =>
        Until(() => accounts[..2].All(account => services.Tenants.Find(account.Id, Stranger, out _) == TenantLookup.Known), "tenants are known");

    private static void Until(Func<bool> reached, string rule)
    {
        var limit = System.Diagnostics.Stopwatch.StartNew();
        while (!reached())
        {
            FuzzFailure.Unless(limit.Elapsed < Patience, rule);
            Thread.Sleep(1);
        }
    }

    /// <summary>An error of the relay's own is caught by the worker and logged: here it is a find.</summary>
    private sealed class FaultLogger : ILogger<Worker>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException(formatter(state, exception), exception);
    }
}
