using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Regions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Silo.Regions;

/// <summary>Reads the control region's feed at its gateways.</summary>
public sealed class TenantSource(RegionLinks links) : ITenantSource
{
    // Beyond the time that the answer may wait for a change.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public Task<TenantFeedPage> ReadAsync(string region, long after, int limit, TimeSpan wait, CancellationToken cancellation) =>
        links.AskAsync<TenantFeedQuestion, TenantFeedPage>(
            region, "/tenants/feed", new TenantFeedQuestion(after, limit, (int)wait.TotalMilliseconds), LinkJson.Options, wait + AnswerWithin, cancellation);

    /// <inheritdoc/>
    public Task EnsureCallbackSecretAsync(string region, TenantId tenant) =>
        links.AskAsync<CallbackSecretWanted, CallbackSecretMade>(region, "/tenants/callback-secret", new CallbackSecretWanted(tenant), LinkJson.Options, AnswerWithin);
}
