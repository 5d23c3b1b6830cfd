using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Sessions;
using static NetDiscovery.Grains.Interfaces.Sessions.NatBehaviour;

namespace NetDiscovery.Grains.Tests.Sessions;

public sealed class SessionDecisionTests
{
    [Theory]
    [InlineData(EndpointIndependent, AddressAndPortDependent, EndpointIndependent, AddressAndPortDependent, DecisionMode.Stun)]
    [InlineData(EndpointIndependent, null, EndpointIndependent, null, DecisionMode.Stun)]
    [InlineData(EndpointIndependent, EndpointIndependent, AddressAndPortDependent, AddressAndPortDependent, DecisionMode.Stun)]
    [InlineData(EndpointIndependent, AddressDependent, AddressAndPortDependent, AddressAndPortDependent, DecisionMode.Stun)]
    [InlineData(EndpointIndependent, AddressDependent, AddressDependent, null, DecisionMode.Stun)]
    [InlineData(EndpointIndependent, AddressAndPortDependent, AddressAndPortDependent, AddressAndPortDependent, DecisionMode.Turn)]
    [InlineData(EndpointIndependent, AddressAndPortDependent, AddressDependent, null, DecisionMode.Turn)]
    [InlineData(EndpointIndependent, null, AddressAndPortDependent, null, DecisionMode.Undecided)]
    [InlineData(AddressAndPortDependent, EndpointIndependent, AddressAndPortDependent, EndpointIndependent, DecisionMode.Turn)]
    [InlineData(AddressDependent, null, AddressAndPortDependent, null, DecisionMode.Turn)]
    [InlineData(null, EndpointIndependent, EndpointIndependent, EndpointIndependent, DecisionMode.Undecided)]
    [InlineData(null, null, null, null, DecisionMode.Undecided)]
    public void Known_nats_decide_whichever_endpoint_comes_first(
        NatBehaviour? mappingOfA, NatBehaviour? filteringOfA, NatBehaviour? mappingOfB, NatBehaviour? filteringOfB, DecisionMode expected)
    {
        var a = Endpoint("alice", "192.0.2.1", new EndpointNat(mappingOfA, filteringOfA, false));
        var b = Endpoint("bob", "192.0.2.2", new EndpointNat(mappingOfB, filteringOfB, null));
        Assert.Equal((expected, expected), (Decide(a, b).Mode, Decide(b, a).Mode));
    }

    [Fact]
    public void Blocked_udp_needs_a_relay_whatever_else_is_known()
    {
        var open = Endpoint("alice", "192.0.2.1", new EndpointNat(EndpointIndependent, EndpointIndependent, false));
        var blocked = Endpoint("bob", "192.0.2.1", new EndpointNat(null, null, true));
        var decision = Decide(open, blocked);
        Assert.Equal(DecisionMode.Turn, decision.Mode);
        Assert.Contains("bob", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoints_behind_one_public_address_try_directly()
    {
        var symmetric = new EndpointNat(AddressAndPortDependent, AddressAndPortDependent, false);
        Assert.Equal(DecisionMode.Stun, Decide(Endpoint("alice", "192.0.2.1", symmetric), Endpoint("bob", "192.0.2.1", symmetric)).Mode);
        Assert.Equal(DecisionMode.Turn, Decide(Endpoint("alice", null, symmetric), Endpoint("bob", null, symmetric)).Mode);
    }

    [Fact]
    public void One_pair_that_needs_a_relay_decides_for_all()
    {
        var steady = new EndpointNat(EndpointIndependent, AddressAndPortDependent, false);
        var symmetric = new EndpointNat(AddressAndPortDependent, AddressAndPortDependent, false);
        var (a, b, c, unknown) = (Endpoint("a", "192.0.2.1", steady), Endpoint("b", "192.0.2.2", steady), Endpoint("c", "192.0.2.3", symmetric), Endpoint("d", "192.0.2.4", null));
        Assert.Equal(DecisionMode.Stun, Decide(a, b).Mode);
        Assert.Equal(DecisionMode.Undecided, Decide(a, b, unknown).Mode);
        Assert.Equal(DecisionMode.Turn, Decide(a, unknown, b, c).Mode);
    }

    [Theory]
    [InlineData("relay-only", DecisionMode.Turn)]
    [InlineData("direct", DecisionMode.Stun)]
    public void The_tenants_policy_comes_before_what_is_known(string policy, DecisionMode expected)
    {
        var known = expected == DecisionMode.Turn ? new EndpointNat(EndpointIndependent, EndpointIndependent, false) : new EndpointNat(null, null, true);
        Assert.Equal(expected, Decide(policy, Endpoint("alice", "192.0.2.1", known), Endpoint("bob", "192.0.2.2", known)).Mode);
    }

    [Theory]
    [InlineData(AddressDependent, null, DecisionMode.Turn, "observed by relay")]
    [InlineData(AddressAndPortDependent, null, DecisionMode.Turn, "observed by relay")]
    [InlineData(EndpointIndependent, null, DecisionMode.Undecided, "observed by relay")]
    [InlineData(AddressDependent, EndpointIndependent, DecisionMode.Undecided, "reported by client")]
    [InlineData(EndpointIndependent, AddressDependent, DecisionMode.Turn, "reported by client")]
    public void What_relays_saw_decides_unless_the_client_says_otherwise(NatBehaviour observed, NatBehaviour? reported, DecisionMode expected, string source)
    {
        var alice = Endpoint("alice", "192.0.2.1", reported is null ? null : new EndpointNat(reported, null, null)) with { NatReported = reported is not null, ObservedMapping = observed };
        var bob = Endpoint("bob", "192.0.2.2", new EndpointNat(AddressAndPortDependent, null, false));
        var decision = Decide(alice, bob);
        Assert.Equal((expected, source), (decision.Mode, decision.Inputs["endpoint.alice.natSource"]));
        Assert.Equal($"mapping {reported ?? observed}, filtering unknown", decision.Inputs["endpoint.alice.nat"]);
        Assert.Equal("told by tenant", decision.Inputs["endpoint.bob.natSource"]);
    }

    [Fact]
    public void Each_side_observed_is_enough_and_a_reported_filter_adds_to_an_observed_mapping()
    {
        var alice = Endpoint("alice", null, null) with { ObservedMapping = AddressDependent };
        Assert.Equal(DecisionMode.Turn, Decide(alice, alice with { Name = "bob" }).Mode);
        var filter = Endpoint("bob", null, new EndpointNat(null, AddressDependent, null)) with { NatReported = true, ObservedMapping = EndpointIndependent };
        var decision = Decide(alice, filter);
        Assert.Equal((DecisionMode.Stun, "mapping observed by relay, the rest reported by client"), (decision.Mode, decision.Inputs["endpoint.bob.natSource"]));
    }

    [Fact]
    public void The_inputs_name_what_was_known()
    {
        var inputs = Decide(Endpoint("alice", "192.0.2.1", new EndpointNat(EndpointIndependent, null, true)), Endpoint("bob", null, null)).Inputs;
        Assert.Equal(("prefer-direct", "1"), (inputs["policy"], inputs["configurationVersion"]));
        Assert.Equal("mapping EndpointIndependent, filtering unknown, UDP blocked", inputs["endpoint.alice.nat"]);
        Assert.Equal(("unknown", "unknown"), (inputs["endpoint.bob.nat"], inputs["endpoint.bob.address"]));
    }

    private static SessionEndpoint Endpoint(string name, string? address, EndpointNat? nat) => new(name, address, null, [1], nat);

    private static SessionDecision Decide(params SessionEndpoint[] endpoints) => Decide("prefer-direct", endpoints);

    private static SessionDecision Decide(string policy, params SessionEndpoint[] endpoints) => SessionDecisions.Decide(
        new CreateSession(SessionId.New("eu"), TenantId.New(), [.. endpoints], ImmutableSortedDictionary<string, string>.Empty, ""),
        new DiscoveryConfiguration { Decision = policy });
}
