using System.Net;
using System.Net.Http.Headers;
using NetDiscovery.EndToEnd.Chaos;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>A region of two silos, two gateways and two relays, each a process, on a PostgreSQL of its own.</summary>
internal sealed class RegionOfHosts(string name, ChaosRegion hosts) : IRegion
{
    public string Name => name;

    /// <summary>Its processes.</summary>
    public ChaosRegion Hosts => hosts;

    public IReadOnlyList<IPEndPoint> Relays => hosts.RelayAddresses;

    public string Output => string.Concat(hosts.All.Select(service => $"== {name}, {service.Name}\n{service.Output}"));

    /// <inheritdoc cref="IRegionNetwork.StartAsync"/>
    public static async Task<IRegion> StartAsync(string name, Place place, int httpPort, string[] settings) =>
        new RegionOfHosts(name, await ChaosRegion.StartAsync(relays: 2, silos: 2, gatewayPorts: [httpPort, FreePort.Tcp()], place, settings));

    // Fourteen processes that have just started share this machine: what a silo does not answer in time is asked again.
    public HttpClient Client(AuthenticationHeaderValue authorization) => hosts.Client(authorization, handler: new RetryHandler("cluster_unavailable"));

    public Task KillAsync() => hosts.KillAsync();

    public Task RestartAsync() => hosts.BringBackAsync();

    public ValueTask DisposeAsync() => hosts.DisposeAsync();
}
