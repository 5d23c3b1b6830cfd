using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Tenants;

/// <summary>Port to the control region.</summary>
public interface ITenantSource
{
    /// <summary>Reads its feed of changed tenants.</summary>
    /// <param name="region">The control region.</param>
    /// <param name="after">Position of the last change that is known.</param>
    /// <param name="limit">Tenants at most.</param>
    /// <param name="wait">How long it may wait for a change where there is none.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    /// <exception cref="Exception">It can't be reached.</exception>
    Task<TenantFeedPage> ReadAsync(string region, long after, int limit, TimeSpan wait, CancellationToken cancellation);

    /// <summary>Has it make a secret that signs a tenant's callbacks, unless the tenant has one.</summary>
    /// <param name="region">The control region.</param>
    /// <param name="tenant">The tenant.</param>
    /// <exception cref="Exception">It can't be reached.</exception>
    Task EnsureCallbackSecretAsync(string region, TenantId tenant);
}
