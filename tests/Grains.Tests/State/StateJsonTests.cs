using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Relays;

namespace NetDiscovery.Grains.Tests.State;

public sealed class StateJsonTests
{
    public static TheoryData<string> StateTypes() => [.. GrainClasses.States.Select(state => state.StateType.Name)];

    [Theory]
    [MemberData(nameof(StateTypes))]
    public void A_full_state_comes_back_as_it_went(string name)
    {
        var (type, sample) = StateSamples.All.Single(entry => entry.Key.Name == name);
        var json = JsonSerializer.Serialize(sample, type, StateJson.Options);
        AssertNothingEmpty(JsonNode.Parse(json)!, "$");

        var back = JsonSerializer.Deserialize(json, type, StateJson.Options);
        Assert.Equal(json, JsonSerializer.Serialize(back, type, StateJson.Options));
    }

    [Theory]
    [MemberData(nameof(StateTypes))]
    public void A_new_state_and_one_written_before_its_members_existed_read_alike(string name)
    {
        var type = StateSamples.All.Keys.Single(candidate => candidate.Name == name);
        var empty = JsonSerializer.Serialize(Activator.CreateInstance(type), type, StateJson.Options);
        Assert.Equal(empty, JsonSerializer.Serialize(JsonSerializer.Deserialize("{}", type, StateJson.Options), type, StateJson.Options));
        Assert.Equal(empty, JsonSerializer.Serialize(JsonSerializer.Deserialize(empty, type, StateJson.Options), type, StateJson.Options));
    }

    [Fact]
    public void A_list_that_was_never_assigned_is_written_as_empty_and_null_is_read_as_empty()
    {
        var json = JsonSerializer.Serialize(new RelayState { Commands = default }, StateJson.Options);
        Assert.Equal("[]", JsonNode.Parse(json)!["commands"]!.ToJsonString());
        var read = JsonSerializer.Deserialize<RelayState>("""{"commands":null}""", StateJson.Options)!;
        Assert.False(read.Commands.IsDefault);
        Assert.Equal("[]", JsonSerializer.Serialize(default(ImmutableArray<SequencedCommand>), StateJson.Options));
    }

    // SQL views, indexes and billing jobs read these: changing one is a change of the schema.
    [Theory]
    [InlineData("TenantState", "tenant.id", "AC0195aaaa00000000000000000000abcd")]
    [InlineData("TenantState", "tenant.name", "acme")]
    [InlineData("TenantState", "tenant.status", "suspended")]
    [InlineData("TenantState", "tenant.parent", "AC00000000000000000000000000000000")]
    [InlineData("TenantState", "tenant.createdAt", "2030-05-06T07:08:09.123+00:00")]
    [InlineData("TenantState", "discovery.decision", "relay-only")]
    [InlineData("TenantState", "revision", "13")]
    [InlineData("TenantState", "audit", """[{"id":"0195ffff-0000-0000-0000-00000000abcd","tenant":"AC0195aaaa00000000000000000000abcd","at":"2030-05-06T07:08:09.123\u002B00:00","action":"key.created","subject":"SK1","detail":"ci","origin":{"actor":"operator","address":"192.0.2.7","request":"4bf92f35"}}]""")]
    [InlineData("AllocationState", "allocation.id", "AL0195cccc00000000000000000000abcd")]
    [InlineData("AllocationState", "allocation.tenant", "AC0195aaaa00000000000000000000abcd")]
    [InlineData("AllocationState", "allocation.session", "SE0195bbbb00000000000000000000abcd.eu")]
    [InlineData("AllocationState", "allocation.fiveTuple.transport", "dtls")]
    [InlineData("AllocationState", "allocation.closeReason", "revoked")]
    [InlineData("AllocationState", "allocation.expiresAt", "2030-05-06T07:18:09.123+00:00")]
    [InlineData("AllocationState", "allocation.closedAt", "2030-05-06T07:13:09.123+00:00")]
    [InlineData("AllocationState", "allocation.totals.bytesFromPeer", "9")]
    [InlineData("StoredSession", "session.id", "SE0195bbbb00000000000000000000abcd.eu")]
    [InlineData("StoredSession", "session.decision.mode", "turn")]
    [InlineData("RelayState", "commands", """[{"sequence":1,"command":{"kind":"cut-allocation","allocation":"AL0195cccc00000000000000000000abcd"}},{"sequence":2,"command":{"kind":"refresh-tenant","tenant":"AC0195aaaa00000000000000000000abcd","version":9}},{"sequence":3,"command":{"kind":"set-draining","draining":true}}]""")]
    public void Names_in_the_store_stay(string type, string path, string expected)
    {
        var (stateType, sample) = StateSamples.All.Single(entry => entry.Key.Name == type);
        var node = path.Split('.').Aggregate(JsonSerializer.SerializeToNode(sample, stateType, StateJson.Options), (current, name) => current![name]);
        Assert.Equal(expected, node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : node!.ToJsonString());
    }

    // A member the sample forgets would pass the round trip without being tried.
    private static void AssertNothingEmpty(JsonNode? node, string path)
    {
        switch (node)
        {
            case null:
                Assert.Fail($"{path} is null in the sample.");
                break;
            case JsonArray array:
                Assert.True(array.Count > 0, $"{path} is empty in the sample.");
                foreach (var (item, index) in array.Select((item, index) => (item, index)))
                    AssertNothingEmpty(item, $"{path}[{index}]");
                break;
            case JsonObject members:
                Assert.True(members.Count > 0, $"{path} is empty in the sample.");
                foreach (var (name, member) in members)
                    AssertNothingEmpty(member, $"{path}.{name}");
                break;
            default:
                Assert.NotEqual("\"\"", node.ToJsonString());
                break;
        }
    }
}
