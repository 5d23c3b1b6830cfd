using System.Collections.Concurrent;
using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Hosting;

/// <summary>What a relay is to the control plane: registration, signs of life, control events. It relays nothing.</summary>
public sealed class LivingRelay : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly IGrainFactory grains;
    private readonly RelayAnnouncement announcement;
    private readonly CancellationTokenSource stop = new();
    private Task life = Task.CompletedTask;

    private LivingRelay(IGrainFactory grains, string id, string region)
    {
        this.grains = grains;
        announcement = FakeGateway.Relay(id).Announcement with { Region = region };
    }

    public string Id => announcement.RelayId;

    /// <summary>Commands that arrived.</summary>
    public ConcurrentQueue<RelayCommand> Commands { get; } = new();

    public static async Task<LivingRelay> StartAsync(IGrainFactory grains, string id, string region = "local")
    {
        var relay = new LivingRelay(grains, id, region);
        await grains.GetGrain<IRelayGrain>(GrainKeys.Relay(id)).RegisterAsync(relay.announcement);
        relay.life = Task.Run(relay.LiveAsync);
        await Eventually.EventuallyAsync(
            async () => (await grains.GetGrain<IRelayDirectoryGrain>(GrainKeys.RelayDirectory(region)).ListAsync()).Any(known => known.Announcement.RelayId == id && known.Healthy),
            Patience, $"relay {id} is healthy");
        return relay;
    }

    /// <summary>Waits for a command.</summary>
    public Task ExpectCommandAsync(Func<RelayCommand, bool> match, string what) => Eventually.EventuallyAsync(() => Commands.Any(match), Patience, what);

    /// <summary>Opens an allocation.</summary>
    public async Task<AllocationId> OpenAllocationAsync(TenantId tenant, SessionId? session = null, string label = "")
    {
        var id = new AllocationId(Guid.NewGuid());
        var now = TimeProvider.System.GetUtcNow();
        await DeliverAsync(new AllocationOpened
        {
            Allocation = id, Sequence = 1, At = now, Tenant = tenant, Session = session, Token = TokenId.New(), Label = label, Region = announcement.Region, RelayId = Id,
            FiveTuple = new FiveTuple(new TransportAddress("198.51.100.7", 50_000), new TransportAddress("192.0.2.1", 3478), Transport.Udp),
            RelayedTransportAddresses = [new TransportAddress("192.0.2.1", 49_200)], ExpiresAt = now.AddMinutes(10),
        });
        return id;
    }

    /// <summary>Reports running totals of an allocation.</summary>
    public Task ObserveAsync(AllocationId id, long sequence, UsageTotals totals) =>
        DeliverAsync(new UsageObserved { Allocation = id, Sequence = sequence, At = TimeProvider.System.GetUtcNow(), Totals = totals });

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await life;
        stop.Dispose();
    }

    private async Task DeliverAsync(ControlEvent happened)
    {
        var result = await grains.GetGrain<IControlEventGrain>(GrainKeys.Ingest(happened.Allocation)).DeliverAsync(Id, [happened]);
        Assert.Empty(result.Unknown);
    }

    private async Task LiveAsync()
    {
        var grain = grains.GetGrain<IRelayGrain>(GrainKeys.Relay(Id));
        var (done, draining) = (0L, false);
        while (!stop.IsCancellationRequested)
        {
            ImmutableArray<SequencedCommand> commands = [];
            try
            {
                commands = (await grain.HeartbeatAsync(new RelayHeartbeat(announcement.Incarnation, 0, 0, draining, done))).Commands;
            }
            catch (Exception exception) when (exception is TimeoutException or OrleansException)
            {
                // Not answered in time by a busy machine: beats again, as a relay does.
            }

            foreach (var (sequence, command) in commands.Where(next => next.Sequence > done))
            {
                Commands.Enqueue(command);
                draining = command is SetDraining { Draining: var wanted } ? wanted : draining;
                done = sequence;
            }

            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(300), stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
