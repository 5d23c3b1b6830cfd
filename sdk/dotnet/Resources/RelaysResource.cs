using NetDiscovery.Client.Http;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Client.Resources;

/// <summary>Relays, regions and the platform's processes. All but <see cref="ListRegionsAsync"/> is for the operator.</summary>
public sealed class RelaysResource
{
    private readonly ApiTransport transport;

    internal RelaysResource(ApiTransport transport) => this.transport = transport;

    /// <summary>Relays seen within the last hour.</summary>
    public async Task<IReadOnlyList<RelayStatus>> ListAsync(CancellationToken cancellation = default) =>
        (await transport.SendAsync<Page<RelayStatus>>(HttpMethod.Get, "/v1/relays", null, cancellation).ConfigureAwait(false)).Items;

    /// <summary>Reads a relay.</summary>
    public Task<RelayStatus> GetAsync(string id, CancellationToken cancellation = default) =>
        transport.SendAsync<RelayStatus>(HttpMethod.Get, $"/v1/relays/{Query.Segment(id)}", null, cancellation);

    /// <summary>Has a relay take no new allocations, or take them again; live allocations go on. The relay obeys a moment later.</summary>
    /// <param name="id">The relay.</param>
    /// <param name="draining">False: take clients again.</param>
    /// <param name="cancellation">Ends the call.</param>
    public Task<RelayStatus> DrainAsync(string id, bool draining = true, CancellationToken cancellation = default) =>
        transport.SendAsync<RelayStatus>(HttpMethod.Post, $"/v1/relays/{Query.Segment(id)}/drain", new { draining }, cancellation);

    /// <summary>Regions with health and load.</summary>
    public async Task<IReadOnlyList<RegionStatus>> ListRegionsAsync(CancellationToken cancellation = default) =>
        (await transport.SendAsync<Page<RegionStatus>>(HttpMethod.Get, "/v1/regions", null, cancellation).ConfigureAwait(false)).Items;

    /// <summary>Gateway, silos and relays. It answers also when the cluster does not.</summary>
    public async Task<IReadOnlyList<ServiceStatus>> ListServicesAsync(CancellationToken cancellation = default) =>
        (await transport.SendAsync<Page<ServiceStatus>>(HttpMethod.Get, "/v1/services", null, cancellation).ConfigureAwait(false)).Items;
}
