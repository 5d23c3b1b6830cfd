using NetDiscovery.Client.Http;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Client.Resources;

/// <summary>Allocations on relays.</summary>
public sealed class AllocationsResource
{
    private readonly ApiTransport transport;

    internal AllocationsResource(ApiTransport transport) => this.transport = transport;

    /// <summary>Reads one page of live allocations.</summary>
    /// <param name="session">Only those of this session.</param>
    /// <param name="tenant">Acts for this tenant: a sub-account, or any for the operator.</param>
    /// <param name="after"><see cref="Page{T}.Next"/> of the page before.</param>
    /// <param name="cancellation">Ends the call.</param>
    public Task<Page<Allocation>> ListAsync(string? session = null, string? tenant = null, string? after = null, CancellationToken cancellation = default) =>
        transport.SendAsync<Page<Allocation>>(HttpMethod.Get, Query.With("/v1/allocations", ("session", session), ("tenant", tenant), ("after", after)), null, cancellation);

    /// <summary>Reads an allocation, live or ended.</summary>
    public Task<Allocation> GetAsync(string id, CancellationToken cancellation = default) =>
        transport.SendAsync<Allocation>(HttpMethod.Get, $"/v1/allocations/{Query.Segment(id)}", null, cancellation);

    /// <summary>Has its relay end an allocation.</summary>
    public Task EndAsync(string id, CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Delete, $"/v1/allocations/{Query.Segment(id)}", null, cancellation);
}
