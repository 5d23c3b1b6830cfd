using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.ControlPlane.Tests.Fixtures;

/// <summary>A real relay of the region on loopback.</summary>
internal sealed class RegionRelay : IAsyncDisposable
{
    private readonly TempFolder data = new();
    private readonly ServiceProvider meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Region region;
    private readonly TimeProvider time;
    private readonly RelayOptions options;
    private CutOffCluster link = null!;

    private RegionRelay(Region region, string id, Action<RelayOptions>? configure, TimeProvider time)
    {
        this.time = time;
        this.region = region;
        options = new RelayOptions
        {
            Id = id, ListenAddresses = ["127.0.0.1"], Port = FreePort.TcpAndUdp(), TlsPort = 0, DataPath = data.Path, Workers = 2,
            UsageReportSeconds = 1, JournalMegabytes = 64, AllowPeers = ["127.0.0.0/8"], AllocatesPerSecondPerTenant = 0,
        };
        configure?.Invoke(options);
    }

    public string Id => options.Id;

    public RelayServer Server { get; private set; } = null!;

    public static async Task<RegionRelay> StartAsync(Region region, Action<RelayOptions>? configure = null, TimeProvider? time = null)
    {
        var relay = new RegionRelay(region, "relay-" + Guid.NewGuid().ToString("N")[..12], configure, time ?? TimeProvider.System);
        await relay.StartServerAsync();
        return relay;
    }

    /// <summary>The cluster hears nothing more of this process, as if it had been killed; its sockets close.</summary>
    public async Task KillAsync()
    {
        link.CutOff = true;
        await Server.StopAsync();
    }

    /// <summary>The relay does not reach the cluster from now on, or does again.</summary>
    public void CutOff(bool cutOff) => link.CutOff = cutOff;

    /// <summary>Starts a process of this relay, on the same ports and data.</summary>
    public async Task StartServerAsync()
    {
        var identity = new RelayIdentity(options.Id, "local", Guid.NewGuid());
        link = new CutOffCluster(new OrleansCluster(region.Grains, identity));
        var pacing = new ControlPlanePacing { Linger = TimeSpan.Zero, Heartbeat = TimeSpan.FromMilliseconds(100), StopWithin = TimeSpan.FromSeconds(2) };
        Server = new RelayServer(options, identity, link, new RelayMetrics(meters.GetRequiredService<IMeterFactory>()), pacing, time, NullLoggerFactory.Instance);
        Server.Start();
        Server.Connect();
        await Eventually.EventuallyAsync(() => Server.Connected, TimeSpan.FromSeconds(30), $"relay {Id} is connected to the cluster");
    }

    /// <summary>Waits until the cluster has heard of the relay at the grains' present.</summary>
    public Task SeenAsync() => Eventually.EventuallyAsync(
        async () => (await region.Grain<IRelayGrain>(GrainKeys.Relay(Id)).GetAsync())?.LastSeenAt >= region.Time.GetUtcNow(),
        TimeSpan.FromSeconds(30), $"relay {Id} has been seen");

    public async Task<TurnClient> ConnectAsync(MintedCredential credential, ClientTransport transport = ClientTransport.Udp, bool sha256 = true) => await new TurnClient(
        new TurnClientOptions { Server = new IPEndPoint(IPAddress.Loopback, options.Port), Transport = transport, Username = credential.Username, Password = credential.Password, Sha256 = sha256 })
        .ConnectAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Server.StopAsync();
        await meters.DisposeAsync();
        data.Dispose();
    }
}
