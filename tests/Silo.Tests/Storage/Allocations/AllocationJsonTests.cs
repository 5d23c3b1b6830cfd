using System.Text.Json;
using System.Text.Json.Nodes;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage.Allocations;

namespace NetDiscovery.Silo.Tests.Storage.Allocations;

public sealed class AllocationJsonTests
{
    private static readonly AllocationState Full = new()
    {
        Allocation = TestAllocation.State(AllocationId.From(Guid.NewGuid()), TenantId.New(), SessionId.New("eu-west"), closedAt: TestAllocation.Opened.AddSeconds(7)).Allocation! with
        {
            Endpoint = "\"alice\" <ü>\u2028",
            OpenedAt = TestAllocation.Opened.ToOffset(TimeSpan.FromMinutes(-210)).AddTicks(1),
            RelayedTransportAddresses = [new TransportAddress("192.0.2.1", 49152), new TransportAddress("2001:db8::1", 65535)],
            Permissions = TestAllocation.State(default, default).Allocation!.Permissions.Add("192.0.2.9", TestAllocation.Opened).Add("2001:db8::9", TestAllocation.Opened.AddMinutes(5)),
            Channels = [new Channel(0x4000, new TransportAddress("2001:db8::9", 1), TestAllocation.Opened), new Channel(0x4FFF, new TransportAddress("192.0.2.9", 2), TestAllocation.Opened)],
            Totals = new UsageTotals
            {
                Allocations = 1, AllocationSeconds = 2, Sessions = 3, Bindings = 4, Tokens = 5, BytesFromClient = 6, BytesToClient = 7, BytesToPeer = 8, BytesFromPeer = 9,
                PacketsFromClient = 10, PacketsToClient = 11, PacketsToPeer = 12, PacketsFromPeer = long.MaxValue,
            },
            Sequence = long.MaxValue,
        },
    };

    /// <summary>A member that is added and not written is missing here, for the serializer writes all.</summary>
    [Fact]
    public void It_is_what_the_serializer_writes()
    {
        var (expected, written) = (JsonSerializer.Serialize(Full, StateJson.Options), AllocationWrite.From(default, null, Full).Json);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(written)), $"expected\n{expected}\nbut\n{written}");
    }

    [Fact]
    public void What_is_left_out_reads_as_it_was()
    {
        AssertComesBack(Full);
        AssertComesBack(TestAllocation.State(AllocationId.From(Guid.NewGuid()), TenantId.New()));
        AssertComesBack(new AllocationState { Allocation = TestAllocation.State(default, default).Allocation! with { RelayedTransportAddresses = default, Channels = default, Totals = default } });
        AssertComesBack(new AllocationState());
    }

    [Fact]
    public void Every_reason_and_every_transport_comes_back()
    {
        foreach (var reason in Enum.GetValues<AllocationCloseReason>())
        {
            AssertComesBack(new AllocationState { Allocation = Full.Allocation! with { CloseReason = reason } });
        }

        foreach (var transport in Enum.GetValues<Transport>())
        {
            AssertComesBack(new AllocationState { Allocation = Full.Allocation! with { FiveTuple = Full.Allocation.FiveTuple with { Transport = transport } } });
        }
    }

    private static void AssertComesBack(AllocationState state) => Assert.Equal(
        JsonSerializer.Serialize(state, StateJson.Options),
        JsonSerializer.Serialize(JsonSerializer.Deserialize<AllocationState>(AllocationWrite.From(default, null, state).Json, StateJson.Options), StateJson.Options));
}
