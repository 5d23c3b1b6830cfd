using Microsoft.Extensions.Logging.Abstractions;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Control.Bench;

/// <summary>A relay as the cluster sees it: a connection of its own, a journal, a reporter, signs of life. Without sockets and packets.</summary>
internal sealed class SimulatedRelay : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly string folder = Directory.CreateTempSubdirectory("bench-relay-").FullName;
    private readonly string memory = Memory.NewFolder();
    private readonly CancellationTokenSource stopping = new();
    private readonly RelayIdentity identity;
    private readonly AllocationJournal journal;
    private readonly AllocationReporter reporter;
    private readonly List<AllocationReport> held = [];
    private readonly Task working;

    private SimulatedRelay(WebApplication app, int number, (byte[] Text, CredentialClaims Claims)[] credentials)
    {
        this.app = app;
        identity = new RelayIdentity($"bench-relay-{number}", app.Configuration.RegionName(), Guid.NewGuid());
        journal = AllocationJournal.Open(memory, identity.Id, 1_024, TimeProvider.System, folder);
        Cluster = new CountingCluster(new OrleansCluster(app.Services.GetRequiredService<IGrainFactory>(), identity));
        reporter = new AllocationReporter(
            Cluster, identity, journal, new ControlPlanePacing(), TimeSpan.FromSeconds(new RelayOptions().UsageReportSeconds), TimeProvider.System, NullLogger<AllocationReporter>.Instance);
        Lives = new Lives(reporter, journal, credentials);
        working = Task.WhenAll(reporter.RunAsync(stopping.Token), BeatAsync(stopping.Token), CountAsync(stopping.Token));
    }

    /// <summary>What the cluster was told.</summary>
    public CountingCluster Cluster { get; }

    /// <summary>Allocations that come and go here.</summary>
    public Lives Lives { get; }

    /// <summary>Allocations whose end the cluster has not confirmed.</summary>
    public int Unconfirmed => reporter.Unconfirmed;

    /// <summary>Connects one and has it registered.</summary>
    /// <param name="settings">Those of a relay.</param>
    /// <param name="number">For its name.</param>
    /// <param name="credentials">Whose allocations it has.</param>
    public static async Task<SimulatedRelay> StartAsync(string[] settings, int number, (byte[] Text, CredentialClaims Claims)[] credentials)
    {
        // Without telemetry: each of many providers in one process would hear of every measurement of all.
        var builder = HostRunner.CreateBuilder(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddOrleansConnection();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        await app.StartAsync();
        var relay = new SimulatedRelay(app, number, credentials);
        await relay.Cluster.RegisterAsync(relay.Announcement());
        return relay;
    }

    /// <summary>Opens allocations that live, each with a permission and a channel, and relay from now on.</summary>
    public void Hold(int count)
    {
        lock (held)
        {
            held.AddRange(Enumerable.Range(0, count).Select(_ => Lives.Hold()));
        }
    }

    /// <summary>Ends those that are held.</summary>
    public void Release()
    {
        lock (held)
        {
            held.ForEach(Lives.Close);
            held.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.StopAsync();
        await app.DisposeAsync();
        journal.Dispose();
        stopping.Dispose();
        Directory.Delete(memory, recursive: true);
        Directory.Delete(folder, recursive: true);
    }

    private async Task BeatAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(new ControlPlanePacing().Heartbeat);
        while (await timer.WaitForNextTickAsync(stop))
        {
            try
            {
                if ((await Cluster.HeartbeatAsync(new RelayHeartbeat(identity.Incarnation, reporter.Unconfirmed, 0, false, 0))).Register)
                {
                    await Cluster.RegisterAsync(Announcement());
                }
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException or OperationCanceledException)
            {
                // A real one too beats on.
            }
        }
    }

    /// <summary>Packets go through those that are held: their counters have moved whenever usage is reported.</summary>
    private async Task CountAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (await timer.WaitForNextTickAsync(stop))
        {
            lock (held)
            {
                foreach (var report in held)
                {
                    ref var counters = ref report.Slot.Counters;
                    (counters.BytesFromClient, counters.BytesToPeer, counters.PacketsFromClient, counters.PacketsToPeer) =
                        (counters.BytesFromClient + 8_000, counters.BytesToPeer + 7_800, counters.PacketsFromClient + 50, counters.PacketsToPeer + 50);
                }
            }
        }
    }

    private RelayAnnouncement Announcement() => new(
        identity.Id, identity.Region, identity.Incarnation, [new RelayListener(Transport.Udp, "127.0.0.1", 3478)], ["127.0.0.1"], 16_384, ProductVersion.Text);
}
