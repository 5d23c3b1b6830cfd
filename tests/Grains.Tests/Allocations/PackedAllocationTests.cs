using System.Text.Json;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Tests.State;

namespace NetDiscovery.Grains.Tests.Allocations;

public sealed class PackedAllocationTests
{
    private readonly TestEvents events = new();

    [Fact]
    public void Every_member_comes_back_as_it_went()
    {
        // In the sample no member is at its default, which another test watches over.
        AssertComesBack((AllocationState)StateSamples.All[typeof(AllocationState)]);
    }

    [Fact]
    public void What_has_nothing_but_must_comes_back_as_it_went()
    {
        var opened = events.Opened() with { Session = null, Endpoint = "", Label = "", RelayedTransportAddresses = default };
        AssertComesBack(new AllocationState { Allocation = AllocationTransitions.Apply(null, opened).Next });
        AssertComesBack(new AllocationState());
    }

    [Fact]
    public void Many_peers_long_texts_other_offsets_and_the_greatest_numbers_come_back_as_they_went()
    {
        var allocation = AllocationTransitions.Apply(null, events.Opened() with { Label = new string('ü', 300), At = TestEvents.Start.ToOffset(TimeSpan.FromMinutes(-210)) }).Next!;
        for (var peer = 0; peer < AllocationTransitions.MaxPeers; peer++)
        {
            allocation = AllocationTransitions.Apply(allocation, events.Permission($"2001:db8::{peer:x}", 300 + peer)).Next!;
            allocation = AllocationTransitions.Apply(allocation, events.Channel(0x4000 + peer, 65_535 - peer)).Next!;
        }

        AssertComesBack(new AllocationState { Allocation = allocation with { Sequence = long.MaxValue, Totals = TestEvents.Totals(long.MaxValue) } });
    }

    [Fact]
    public void An_allocation_with_a_permission_and_a_channel_takes_few_bytes()
    {
        var allocation = AllocationTransitions.Apply(null, events.Opened()).Next!;
        allocation = AllocationTransitions.Apply(allocation, events.Permission()).Next!;
        allocation = AllocationTransitions.Apply(allocation, events.Channel()).Next!;
        Assert.InRange(PackedAllocation.Pack(allocation).Length, 1, 260);
    }

    private static void AssertComesBack(AllocationState state)
    {
        var grain = GrainId.Create("allocation", GrainKeys.Allocation(state.Allocation?.Id ?? default));
        var back = Unpack<AllocationState>(grain, Pack(state));
        Assert.Equal(JsonSerializer.Serialize(state, StateJson.Options), JsonSerializer.Serialize(back, StateJson.Options));
    }

    private static byte[] Pack<T>(T state) where T : class, IPackable<T> => state.Pack();

    private static T Unpack<T>(GrainId grain, byte[] packed) where T : class, IPackable<T> => T.Unpack(grain, packed);
}
