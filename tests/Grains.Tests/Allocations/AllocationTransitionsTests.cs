using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Tests.Allocations;

public sealed class AllocationTransitionsTests
{
    private readonly TestEvents events = new();

    /// <summary>Every phase × every event × (new or seen): what comes of it.</summary>
    public static TheoryData<string, string, bool, string> Matrix()
    {
        var matrix = new TheoryData<string, string, bool, string>();
        var kinds = typeof(ControlEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ControlEvent))).Select(type => type.Name).Order().ToList();
        foreach (var phase in Enum.GetNames<AllocationPhase>())
        {
            foreach (var kind in kinds)
            {
                matrix.Add(phase, kind, false, phase switch
                {
                    nameof(AllocationPhase.Unknown) => kind == nameof(AllocationOpened) ? nameof(TransitionOutcome.Applied) : nameof(TransitionOutcome.NeedsOpening),
                    nameof(AllocationPhase.Live) => nameof(TransitionOutcome.Applied),
                    _ => nameof(TransitionOutcome.AfterEnd),
                });
                if (phase != nameof(AllocationPhase.Unknown))
                    matrix.Add(phase, kind, true, nameof(TransitionOutcome.Seen));
            }
        }

        return matrix;
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public void Every_phase_answers_every_event(string phase, string kind, bool seen, string expected)
    {
        var current = InPhase(phase);
        var happened = NextOf(kind);
        if (seen)
            happened = happened with { Sequence = current!.Sequence };

        var (next, outcome) = AllocationTransitions.Apply(current, happened);
        Assert.Equal(expected, outcome.ToString());
        if (outcome == TransitionOutcome.Applied)
        {
            Assert.Equal(happened.Sequence, next!.Sequence);
            var ended = kind == nameof(AllocationClosed) ? AllocationPhase.Ended : AllocationPhase.Live;
            Assert.Equal(ended, AllocationTransitions.Phase(next));
        }
        else
        {
            Assert.Same(current, next);
        }
    }

    [Fact]
    public void Move_changes_the_5_tuple_and_the_transport_usage_is_reported_under()
    {
        var opened = Apply(null, events.Opened());
        var before = Apply(opened, events.Usage(10));
        var moved = Apply(before, events.Moved());
        Assert.Equal(6000, moved.FiveTuple.Client.Port);
        Assert.Equal(opened.RelayedTransportAddresses, moved.RelayedTransportAddresses);
        var reports = new List<UsageReport>();
        AllocationUsage.AddTo(reports, AllocationUsage.Report(before, TestEvents.Start));
        AllocationUsage.AddTo(reports, AllocationUsage.Report(Apply(moved, events.Usage(20)), TestEvents.Start));
        Assert.Equal([opened.FiveTuple.Transport.Name(), Transport.Tcp.Name()], reports.Select(report => report.Keys.Transport));
    }

    [Fact]
    public void Opening_keeps_who_and_where()
    {
        var opened = events.Opened();
        var allocation = Apply(null, opened);
        Assert.Equal(
            (opened.Allocation, opened.Tenant, opened.Session, opened.Token, "alice", "label", "eu", "relay-1", opened.FiveTuple, opened.At, opened.ExpiresAt),
            (allocation.Id, allocation.Tenant, allocation.Session, allocation.Token, allocation.Endpoint, allocation.Label, allocation.Region,
                allocation.RelayId, allocation.FiveTuple, allocation.OpenedAt, allocation.ExpiresAt));
        Assert.Equal(opened.RelayedTransportAddresses, allocation.RelayedTransportAddresses);
        Assert.Equal(new UsageTotals { Allocations = 1 }, allocation.Totals);
    }

    [Fact]
    public void Opening_anew_under_a_later_number_changes_the_expiry_only()
    {
        var live = InPhase(nameof(AllocationPhase.Live))!;
        var again = NextOf(nameof(AllocationOpened)) is AllocationOpened opened
            ? opened with { Tenant = new(Guid.NewGuid()), RelayId = "another", FiveTuple = default }
            : throw new InvalidOperationException();
        var next = Apply(live, again);
        Assert.Equal(live with { ExpiresAt = again.ExpiresAt, Sequence = again.Sequence }, next);
    }

    [Fact]
    public void A_gap_in_the_numbers_is_no_obstacle_and_what_comes_late_is_seen()
    {
        var opened = events.Opened();
        var late = events.Refreshed();
        var usage = events.Usage(10);
        var allocation = Apply(Apply(null, opened), usage);
        Assert.Equal((allocation, TransitionOutcome.Seen), AllocationTransitions.Apply(allocation, late));
    }

    [Fact]
    public void Permissions_are_renewed_in_place_and_dropped_when_over()
    {
        var allocation = Apply(null, events.Opened());
        var first = events.Permission("198.51.100.1", seconds: 10);
        var second = events.Permission("198.51.100.2", seconds: 10);
        allocation = Apply(Apply(allocation, first), second);
        var renewed = events.Permission("198.51.100.1", seconds: 300);
        allocation = Apply(allocation, renewed);
        Assert.Equal(renewed.ExpiresAt, allocation.Permissions["198.51.100.1"]);
        Assert.Equal(2, allocation.Permissions.Count);

        events.Now += TimeSpan.FromSeconds(60);
        allocation = Apply(allocation, events.Permission("198.51.100.3"));
        Assert.Equal(["198.51.100.1", "198.51.100.3"], allocation.Permissions.Keys);
    }

    [Fact]
    public void Channels_are_renewed_in_place_and_dropped_when_over()
    {
        var allocation = Apply(null, events.Opened());
        allocation = Apply(allocation, events.Channel(0x4000, 9000, seconds: 10));
        allocation = Apply(allocation, events.Channel(0x4001, 9001, seconds: 10));
        var renewed = events.Channel(0x4000, 9000, seconds: 600);
        allocation = Apply(allocation, renewed);
        Assert.Equal([0x4001, 0x4000], allocation.Channels.Select(channel => channel.Number));

        events.Now += TimeSpan.FromSeconds(60);
        allocation = Apply(allocation, events.Channel(0x4002, 9002));
        Assert.Equal(
            [new Channel(0x4000, new TransportAddress("198.51.100.1", 9000), renewed.ExpiresAt), allocation.Channels[1]], allocation.Channels);
    }

    [Fact]
    public void Permissions_and_channels_are_bounded_and_the_first_to_expire_goes()
    {
        var allocation = Apply(null, events.Opened());
        for (var i = 0; i < AllocationTransitions.MaxPeers + 1; i++)
        {
            allocation = Apply(allocation, events.Permission($"10.0.{i / 256}.{i % 256}", seconds: 10_000));
            allocation = Apply(allocation, events.Channel(0x4000 + i, 9000, seconds: 10_000));
        }

        Assert.Equal(AllocationTransitions.MaxPeers, allocation.Permissions.Count);
        Assert.Equal(AllocationTransitions.MaxPeers, allocation.Channels.Length);
        Assert.DoesNotContain("10.0.0.0", allocation.Permissions.Keys);
        Assert.Equal(0x4001, allocation.Channels[0].Number);
    }

    [Fact]
    public void Totals_never_fall_and_seconds_are_counted_here()
    {
        var opened = events.Opened();
        var allocation = Apply(null, opened);
        events.Now = opened.At.AddSeconds(90.9);
        allocation = Apply(allocation, events.Usage(1_000));
        Assert.Equal(TestEvents.Totals(1_000) with { Allocations = 1, AllocationSeconds = 90 }, allocation.Totals);

        events.Now = opened.At.AddSeconds(30);
        allocation = Apply(allocation, events.Usage(400));
        Assert.Equal(TestEvents.Totals(1_000) with { Allocations = 1, AllocationSeconds = 90 }, allocation.Totals);
    }

    [Fact]
    public void Closing_keeps_reason_time_and_final_totals_and_lets_go_of_peers()
    {
        var allocation = Apply(Apply(Apply(null, events.Opened()), events.Permission()), events.Channel());
        var closed = events.Closed(77, AllocationCloseReason.Expired);
        allocation = Apply(allocation, closed);
        Assert.Equal((closed.At, AllocationCloseReason.Expired, 77L), (allocation.ClosedAt!.Value, allocation.CloseReason!.Value, allocation.Totals.BytesToPeer));
        Assert.Empty(allocation.Permissions);
        Assert.Empty(allocation.Channels);
    }

    private static Allocation Apply(Allocation? current, ControlEvent happened)
    {
        var (next, outcome) = AllocationTransitions.Apply(current, happened);
        Assert.Equal(TransitionOutcome.Applied, outcome);
        return next!;
    }

    private Allocation? InPhase(string phase) => phase switch
    {
        nameof(AllocationPhase.Unknown) => null,
        nameof(AllocationPhase.Live) => Apply(null, events.Opened()),
        _ => Apply(Apply(null, events.Opened()), events.Closed(5)),
    };

    private ControlEvent NextOf(string kind) => kind switch
    {
        nameof(AllocationOpened) => events.Opened(),
        nameof(AllocationRefreshed) => events.Refreshed(),
        nameof(PermissionInstalled) => events.Permission(),
        nameof(AllocationMoved) => events.Moved(),
        nameof(ChannelBound) => events.Channel(),
        nameof(UsageObserved) => events.Usage(10),
        nameof(AllocationClosed) => events.Closed(20),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "A new event: add it to the matrix."),
    };
}
