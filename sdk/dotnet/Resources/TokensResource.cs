using NetDiscovery.Client.Http;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Client.Resources;

/// <summary>Tokens: credentials for STUN and TURN.</summary>
public sealed class TokensResource
{
    private readonly ApiTransport transport;

    internal TokensResource(ApiTransport transport) => this.transport = transport;

    /// <summary>Mints a token.</summary>
    /// <param name="request">What it should be; null for the tenant's defaults.</param>
    /// <param name="tenant">Acts for this tenant: a sub-account, or any for the operator.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <exception cref="NetDiscoveryException"><c>validation_failed</c>, <c>ttl_out_of_range</c>, <c>tenant_suspended</c>, <c>region_unavailable</c>, <c>no_relay</c>.</exception>
    public Task<Token> CreateAsync(TokenRequest? request = null, string? tenant = null, CancellationToken cancellation = default) =>
        transport.SendAsync<Token>(HttpMethod.Post, Query.With("/v1/tokens", ("tenant", tenant)), request ?? new TokenRequest(), cancellation);

    /// <summary>Revokes a token everywhere; its allocations end.</summary>
    public Task RevokeAsync(string id, string? tenant = null, CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Delete, Query.With($"/v1/tokens/{Query.Segment(id)}", ("tenant", tenant)), null, cancellation);

    /// <summary>Revokes every token minted with a label up to now.</summary>
    public Task RevokeLabelAsync(string label, string? tenant = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(label);
        return transport.SendAsync(HttpMethod.Delete, Query.With("/v1/tokens", ("label", label), ("tenant", tenant)), null, cancellation);
    }
}
