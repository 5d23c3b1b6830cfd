using NetDiscovery.Client.Http;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Client.Resources;

/// <summary>Changes of accounts: who, what, when, from where.</summary>
public sealed class AuditResource
{
    private readonly ApiTransport transport;

    internal AuditResource(ApiTransport transport) => this.transport = transport;

    /// <summary>Reads one page of changes, newest first.</summary>
    /// <param name="action">Only changes of this kind, such as <c>key.created</c>.</param>
    /// <param name="from">Only changes at this time or later.</param>
    /// <param name="to">Only changes before this time.</param>
    /// <param name="tenant">Acts for this tenant: a sub-account, or any for the operator, who sees all without.</param>
    /// <param name="after"><see cref="Page{T}.Next"/> of the page before.</param>
    /// <param name="cancellation">Ends the call.</param>
    public Task<Page<AccountChange>> ListAsync(
        string? action = null, DateTimeOffset? from = null, DateTimeOffset? to = null, string? tenant = null, string? after = null, CancellationToken cancellation = default) =>
        transport.SendAsync<Page<AccountChange>>(
            HttpMethod.Get, Query.With("/v1/audit", ("action", action), ("from", from), ("to", to), ("tenant", tenant), ("after", after)), null, cancellation);
}
