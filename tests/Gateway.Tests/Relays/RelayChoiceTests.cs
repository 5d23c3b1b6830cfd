using NetDiscovery.Gateway.Relays;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Relays;

public sealed class RelayChoiceTests
{
    [Fact]
    public void Of_two_relays_the_less_loaded_stands_first()
    {
        var chosen = RelayChoice.Choose([FakeGateway.Relay("full", allocations: 900), FakeGateway.Relay("idle")], _ => 0);
        Assert.Equal(["idle", "full"], chosen.Select(relay => relay.Announcement.RelayId));
    }

    [Fact]
    public void One_relay_or_none_is_enough()
    {
        Assert.Single(RelayChoice.Choose([FakeGateway.Relay("one")], _ => 0));
        Assert.Empty(RelayChoice.Choose([], _ => 0));
    }

    [Fact]
    public void The_most_loaded_of_three_never_stands_first_and_every_other_does()
    {
        const int Seed = 17;
        var random = new Random(Seed);
        var times = new Dictionary<string, int> { ["idle"] = 0, ["busy"] = 0, ["full"] = 0 };
        for (var index = 0; index < 1000; index++)
        {
            times[RelayChoice.Choose(
                [FakeGateway.Relay("full", allocations: 900), FakeGateway.Relay("busy", allocations: 500), FakeGateway.Relay("idle", allocations: 10)],
                random.Next)[0].Announcement.RelayId]++;
        }

        Assert.True(times["full"] == 0 && times["idle"] > times["busy"] && times["busy"] > 0, $"seed {Seed}: {string.Join(", ", times)}");
    }
}
