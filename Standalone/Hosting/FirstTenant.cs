using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Standalone.Hosting;

/// <summary>Makes a tenant on the first start, so that the first request can be tried at once.</summary>
/// <param name="grains">The cluster.</param>
/// <param name="regions">Tenants are made in the control region alone.</param>
public sealed class FirstTenant(IGrainFactory grains, RegionDirectory regions)
{
    /// <summary>The tenant's id and auth token when this process made it; null on later starts: the token is stored nowhere.</summary>
    public (TenantId Id, string AuthToken)? Credentials { get; private set; }

    /// <summary>Makes the tenant when there is none at all.</summary>
    public async Task EnsureAsync()
    {
        if (!regions.Current.IsControl)
        {
            return;
        }

        var existing = await grains.GetGrain<ITenantQueryGrain>(0).ListAsync(parent: null, after: null, limit: 1);
        if (!existing.IsEmpty)
        {
            return;
        }

        var id = TenantId.New();
        var authToken = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id))
            .CreateAsync(new CreateTenant("first", null, SHA256.HashData(Encoding.UTF8.GetBytes(authToken))));
        Credentials = (id, authToken);
    }
}
