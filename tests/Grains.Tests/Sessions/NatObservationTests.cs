using System.Globalization;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Sessions;

namespace NetDiscovery.Grains.Tests.Sessions;

/// <summary>What Bindings that relays saw tell of an endpoint's NAT.</summary>
public sealed class NatObservationTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Each Binding as mapping → server; A and B are two hosts, 1 and 2 their ports, and x is another public address of the endpoint.</summary>
    [Theory]
    [InlineData("", null)]
    [InlineData("m1>A1", null)]
    [InlineData("m1>A1 m1>B1", NatBehaviour.EndpointIndependent)]
    [InlineData("m1>A1 m1>A2 m1>B1 m1>B2", NatBehaviour.EndpointIndependent)]
    [InlineData("m1>A1 m1>A2", null)]
    [InlineData("m1>A1 m2>B1", NatBehaviour.AddressDependent)]
    [InlineData("m1>A1 m1>A2 m2>B1 m2>B2", NatBehaviour.AddressDependent)]
    [InlineData("m1>A1 m2>A2", NatBehaviour.AddressAndPortDependent)]
    [InlineData("m1>A1 m2>A2 m3>B1 m4>B2", NatBehaviour.AddressAndPortDependent)]
    [InlineData("m1>A1 m1>A1", null)]
    [InlineData("m1>A1 m2>A1", null)]
    [InlineData("m1>A1 m2>A1 m1>B1 m2>B1", NatBehaviour.EndpointIndependent)]
    [InlineData("m1>A1 m2>A1 m3>B1 m4>B1", null)]
    [InlineData("m1>A1 x1>B1", null)]
    [InlineData("m1>A1 x1>B1 m1>B1", NatBehaviour.EndpointIndependent)]
    public void Bindings_of_one_endpoint_tell_how_its_nat_maps(string bindings, NatBehaviour? expected) =>
        Assert.Equal(expected, NatObservations.Derive(Read(bindings)));

    [Fact]
    public void Bindings_far_apart_in_time_are_not_compared()
    {
        var observations = new NatObservations();
        observations.Add(Binding("m1>A1"), Start);
        observations.Add(Binding("m2>B1"), Start + NatObservations.Window + TimeSpan.FromTicks(1));
        Assert.Null(observations.Mapping);
        observations.Add(Binding("m3>A1"), Start + NatObservations.Window + TimeSpan.FromSeconds(1));
        Assert.Equal(NatBehaviour.AddressDependent, observations.Mapping);
    }

    [Fact]
    public void More_than_the_limit_is_forgotten_from_the_oldest()
    {
        var observations = new NatObservations();
        observations.Add(Binding("m1>A1"), Start);
        for (var i = 0; i < NatObservations.Max; i++)
            observations.Add(Binding("m2>A2"), Start);
        Assert.Null(observations.Mapping);
    }

    /// <summary>A Binding as <see cref="Bindings_of_one_endpoint_tell_how_its_nat_maps"/> writes it.</summary>
    internal static BindingObserved Binding(string text, TenantId tenant = default, SessionId session = default, string endpoint = "alice")
    {
        var (client, server) = Read(text).Single();
        return new BindingObserved(tenant, session, endpoint, client, server);
    }

    private static IEnumerable<(TransportAddress Client, TransportAddress Server)> Read(string bindings) =>
        from binding in bindings.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        let port = int.Parse(binding[1..2], CultureInfo.InvariantCulture)
        select (
            new TransportAddress(binding[0] == 'm' ? "198.51.100.1" : "198.51.100.2", 40_000 + port),
            new TransportAddress(binding[3] == 'A' ? "192.0.2.1" : "192.0.2.2", 3477 + int.Parse(binding[4..], CultureInfo.InvariantCulture)));
}
