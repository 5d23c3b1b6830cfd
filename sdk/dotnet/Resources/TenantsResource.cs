using System.Net.Http.Json;
using System.Text.Json.Nodes;
using NetDiscovery.Client.Http;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Client.Resources;

/// <summary>Accounts, API keys, signing keys and discovery configuration.</summary>
public sealed class TenantsResource
{
    private readonly ApiTransport transport;

    internal TenantsResource(ApiTransport transport) => this.transport = transport;

    /// <summary>Makes a tenant: a top account by the operator, a sub-account by a tenant. The auth token is shown only here.</summary>
    /// <param name="name">A name for people, 1 to 64 characters.</param>
    /// <param name="parent">The account it is a sub-account of, where the operator makes it.</param>
    /// <param name="cancellation">Ends the call.</param>
    public Task<CreatedTenant> CreateAsync(string name, string? parent = null, CancellationToken cancellation = default) =>
        transport.SendAsync<CreatedTenant>(HttpMethod.Post, "/v1/tenants", new { name, parent }, cancellation);

    /// <summary>Reads a tenant.</summary>
    public Task<Tenant> GetAsync(string id, CancellationToken cancellation = default) =>
        transport.SendAsync<Tenant>(HttpMethod.Get, Path(id), null, cancellation);

    /// <summary>Reads one page of tenants: all for the operator, its sub-accounts for a tenant.</summary>
    /// <param name="after"><see cref="Page{T}.Next"/> of the page before; null for the first.</param>
    /// <param name="parent">Only sub-accounts of this tenant.</param>
    /// <param name="cancellation">Ends the call.</param>
    public Task<Page<Tenant>> ListAsync(string? after = null, string? parent = null, CancellationToken cancellation = default) =>
        transport.SendAsync<Page<Tenant>>(HttpMethod.Get, Query.With("/v1/tenants", ("parent", parent), ("after", after)), null, cancellation);

    /// <summary>Changes a tenant's status: <c>active</c>, <c>suspended</c> or, for good, <c>closed</c>.</summary>
    public Task<Tenant> SetStatusAsync(string id, string status, CancellationToken cancellation = default) =>
        transport.SendAsync<Tenant>(HttpMethod.Patch, Path(id), new { status }, cancellation);

    /// <summary>Makes an API key. Its secret is shown only here.</summary>
    public Task<CreatedApiKey> CreateKeyAsync(string tenant, string name, CancellationToken cancellation = default) =>
        transport.SendAsync<CreatedApiKey>(HttpMethod.Post, $"{Path(tenant)}/keys", new { name }, cancellation);

    /// <summary>Reads one page of API keys.</summary>
    public Task<Page<ApiKey>> ListKeysAsync(string tenant, string? after = null, CancellationToken cancellation = default) =>
        transport.SendAsync<Page<ApiKey>>(HttpMethod.Get, Query.With($"{Path(tenant)}/keys", ("after", after)), null, cancellation);

    /// <summary>Removes an API key.</summary>
    public Task RemoveKeyAsync(string tenant, string key, CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Delete, $"{Path(tenant)}/keys/{Query.Segment(key)}", null, cancellation);

    /// <summary>Makes a new signing key; tokens minted before go on.</summary>
    public Task RotateSigningKeyAsync(string tenant, CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Post, $"{Path(tenant)}/signing-keys/rotate", null, cancellation);

    /// <summary>Reads the discovery configuration.</summary>
    public async Task<DiscoveryVersion> GetDiscoveryAsync(string tenant, CancellationToken cancellation = default)
    {
        using var response = await transport.SendAsync(
            HttpMethod.Get, $"{Path(tenant)}/discovery", null, HttpCompletionOption.ResponseContentRead, null, cancellation).ConfigureAwait(false);
        return await ReadAsync(response, cancellation).ConfigureAwait(false);
    }

    /// <summary>Replaces the discovery configuration as a whole: a field left out gets its default, but what only the operator changes stays.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="configuration">The configuration.</param>
    /// <param name="etag">The version to replace; null = whatever is there.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <exception cref="NetDiscoveryException"><c>version_conflict</c> when another version is there, <c>validation_failed</c> naming every wrong field.</exception>
    public async Task<DiscoveryVersion> PutDiscoveryAsync(string tenant, JsonObject configuration, string? etag = null, CancellationToken cancellation = default)
    {
        using var response = await transport.SendAsync(
            HttpMethod.Put, $"{Path(tenant)}/discovery", configuration, HttpCompletionOption.ResponseContentRead, etag, cancellation).ConfigureAwait(false);
        return await ReadAsync(response, cancellation).ConfigureAwait(false);
    }

    private static string Path(string tenant) => $"/v1/tenants/{Query.Segment(tenant)}";

    private static async Task<DiscoveryVersion> ReadAsync(HttpResponseMessage response, CancellationToken cancellation) => new(
        (await response.Content.ReadFromJsonAsync<JsonObject>(cancellation).ConfigureAwait(false))!, response.Headers.ETag?.ToString() ?? "");
}
