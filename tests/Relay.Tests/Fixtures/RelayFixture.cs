using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A relay on loopback with a cluster in memory and one tenant. Its data folder goes when it is disposed.</summary>
internal sealed class RelayFixture : IAsyncDisposable
{
    /// <summary>Relayed ports of a relay that restarts.</summary>
    public const int OwnPorts = 64;

    // From here to where FreePort begins.
    private static int nextPorts = 7_000;

    private readonly string folder = Directory.CreateTempSubdirectory("relay-tests-").FullName;
    private readonly ServiceProvider meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Action<RelayOptions>? configure;
    private readonly TimeProvider time;
    private readonly ILoggerFactory loggers;
    private readonly int firstPort;

    private RelayFixture(FakeCluster cluster, TestTenant tenant, Action<RelayOptions>? configure, TimeProvider time, ILoggerFactory loggers, bool restarts, TimeSpan stopWithin)
    {
        firstPort = restarts ? NextPorts() : 0;
        Cluster = cluster;
        Tenant = tenant;
        this.configure = configure;
        this.time = time;
        this.loggers = loggers;
        StopWithin = stopWithin;
    }

    public FakeCluster Cluster { get; }

    public TestTenant Tenant { get; }

    public RelayServer Server { get; private set; } = null!;

    public RelayOptions Options { get; private set; } = null!;

    public string Folder => folder;

    /// <summary>Relayed ports not in use once no worker is in the middle of something: an allocation has left its table before its port is free.</summary>
    public int FreePorts
    {
        get
        {
            foreach (var worker in Server.Workers)
            {
                lock (worker.Gate)
                {
                    // What was begun has ended.
                }
            }

            return Server.FreePorts;
        }
    }

    /// <summary>Changes how the next server receives and sends datagrams.</summary>
    public Func<DatagramPathChoice, DatagramPathChoice>? ChangePath { get; set; }

    /// <summary>How long the next server gathers control events before it tells the cluster: one that is killed before has told nothing.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.Zero;

    /// <summary>Called by the next server when the cluster has answered for the first time.</summary>
    public Action? BeforeReady { get; set; }

    /// <summary>How long the next server waits for the cluster to confirm when it stops.</summary>
    public TimeSpan StopWithin { get; set; }

    /// <summary>Whether this run asks relays to let the kernel forward: <c>off</c>, or <c>xdp</c> on loopback.</summary>
    public static string KernelPath { get; } = Environment.GetEnvironmentVariable("RELAY_KERNEL_PATH") ?? RelayOptions.KernelPathOff;

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Options.Port);

    public IPEndPoint TlsEndPoint => new(IPAddress.Loopback, Options.TlsPort);

    /// <summary>Starts a relay.</summary>
    /// <param name="configure">Changes its options.</param>
    /// <param name="tenant">Its tenant.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="start">False when the test starts it.</param>
    /// <param name="loggers">Its log.</param>
    /// <param name="restarts">True when it is to find its <see cref="OwnPorts"/> relayed ports free when it starts again: nobody else takes them meanwhile.</param>
    /// <param name="stopWithin">How long stopping waits for the cluster to confirm; longer where the test is about what is confirmed. Default: 2 s.</param>
    public static RelayFixture Start(
        Action<RelayOptions>? configure = null, TestTenant? tenant = null, TimeProvider? time = null, bool start = true, ILoggerFactory? loggers = null, bool restarts = false,
        TimeSpan? stopWithin = null)
    {
        var fixture = new RelayFixture(new FakeCluster(), tenant ?? new TestTenant(), configure, time ?? TimeProvider.System, loggers ?? Loggers(), restarts, stopWithin ?? TimeSpan.FromSeconds(2));
        fixture.Cluster.Put(fixture.Tenant.Snapshot);
        if (start)
        {
            fixture.StartServer();
        }

        return fixture;
    }

    /// <summary>Starts a relay on the fixture's folder; again after it was stopped, as a restart.</summary>
    public void StartServer()
    {
        Options = new RelayOptions
        {
            Id = "relay-under-test",
            ListenAddresses = ["127.0.0.1"],
            Port = Options?.Port ?? FreePort.TcpAndUdp(),
            TlsPort = Options?.TlsPort ?? FreePort.TcpAndUdp(),
            DataPath = folder,
            Workers = 2,
            UsageReportSeconds = 1,
            JournalMegabytes = 64,
            AllowPeers = ["127.0.0.0/8"],
            AllocatesPerSecondPerTenant = 0, // a test makes more of them in a moment than a tenant's clients do
            DatagramPath = Environment.GetEnvironmentVariable("RELAY_DATAGRAM_PATH") ?? "auto",
            KernelPath = KernelPath,
            KernelInterfaces = KernelPath == RelayOptions.KernelPathOff ? [] : ["lo"],
            KernelStatePath = KernelPath == RelayOptions.KernelPathOff ? new RelayOptions().KernelStatePath : folder,
        };
        (Options.MinPort, Options.MaxPort) = firstPort != 0 ? (firstPort, firstPort + OwnPorts - 1) : (Options.MinPort, Options.MaxPort);
        configure?.Invoke(Options);
        var identity = new RelayIdentity(Options.Id, "local", Guid.NewGuid());
        var pacing = new ControlPlanePacing { Linger = Linger, Heartbeat = TimeSpan.FromMilliseconds(100), StopWithin = StopWithin };
        var server = new RelayServer(Options, identity, Cluster, new RelayMetrics(meters.GetRequiredService<IMeterFactory>()), pacing, time, loggers, ChangePath?.Invoke(DatagramPathChoice.Make(Options.DatagramPath, Options.RealtimeDataPath)));
        Server ??= server;
        server.Start();
        server.Connect(BeforeReady);
        Server = server;
    }

    /// <summary>Leaves the relay as <c>kill -9</c> does: its files stay as they are at this moment, and the cluster hears nothing. <see cref="StartServer"/> starts the next process.</summary>
    public async Task CrashAsync()
    {
        Cluster.Reachable = false;
        var left = folder + ".left";
        await CopyAsync(folder, left);
        await StopAsync();
        Directory.Delete(folder, recursive: true);
        Directory.Move(left, folder);
        Cluster.Reachable = true;
    }

    /// <summary>Stops the relay; a clock that stands still is moved meanwhile.</summary>
    public async Task StopAsync()
    {
        var stopping = Server.StopAsync();
        while (!stopping.IsCompleted && time is FakeTimeProvider fake)
        {
            fake.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Delay(1);
        }

        await stopping;
    }

    /// <summary>
    /// A client with a credential of its own, connected. It sends a request again after 4 s, not after half a second: on loopback hardly anything is lost,
    /// and a request sent twice because the machine is busy changes what a test counts.
    /// </summary>
    public async Task<TurnClient> ConnectAsync(ClientTransport transport = ClientTransport.Udp, MintedCredential? credential = null, Func<TurnClientOptions, TurnClientOptions>? change = null)
    {
        credential ??= Mint();
        var secure = transport is ClientTransport.Tls or ClientTransport.Dtls;
        var options = new TurnClientOptions
        {
            Server = secure ? TlsEndPoint : EndPoint,
            Transport = transport,
            Username = credential.Username,
            Password = credential.Password,
            CertificateValidation = secure ? (_, _, _, _) => true : null,
            RetransmissionTimeout = TimeSpan.FromSeconds(4),
            RetransmissionCount = 3,
        };
        return await new TurnClient(change?.Invoke(options) ?? options).ConnectAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The one live allocation of the relay.</summary>
    public Allocation SingleAllocation()
    {
        Allocation? found = null;
        foreach (var worker in Server.Workers)
        {
            lock (worker.Gate)
            {
                Settle(worker);
                worker.Table.CloseWhere(allocation =>
                {
                    found = allocation;
                    return null;
                });
            }
        }

        return found ?? throw new InvalidOperationException("There is no allocation.");
    }

    // What the kernel counted gets into the journal twice a second, a fifth of the channels at a tick; whoever reads counters wants all of it.
    private static void Settle(Worker worker)
    {
        for (var turn = 4; turn >= 0; turn--)
        {
            worker.Table.FastPath.OnTick(worker.Wheel.Now - turn);
        }
    }

    /// <summary>Waits for a state that the relay reaches by itself.</summary>
    public static async Task UntilAsync(Func<bool> reached, string what)
    {
        var limit = Stopwatch.StartNew();
        while (!reached())
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(60), $"Not reached in 60 s: {what}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public MintedCredential Mint(TimeSpan? ttl = null) => Tenant.Mint(time.GetUtcNow(), ttl);

    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
        {
            await StopAsync();
        }

        await meters.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task CopyAsync(string from, string to)
    {
        // Not by our own hand: .NET honours the lock on the open journal, which a dead process would not have.
        using var copy = Process.Start("cp", ["-a", from, to]);
        await copy.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, copy.ExitCode);
    }

    private static int NextPorts()
    {
        var first = Interlocked.Add(ref nextPorts, OwnPorts) - OwnPorts;
        Assert.True(first + OwnPorts <= 10_000, "More relays that restart than there are ports for.");
        return first;
    }

    private static ILoggerFactory Loggers() => Environment.GetEnvironmentVariable("RELAY_TEST_LOG") is null
        ? NullLoggerFactory.Instance
        : LoggerFactory.Create(logging => logging.AddConsole().SetMinimumLevel(LogLevel.Debug));
}
