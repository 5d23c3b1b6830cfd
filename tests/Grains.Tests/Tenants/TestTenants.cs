using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tests.Cluster;

namespace NetDiscovery.Grains.Tests.Tenants;

/// <summary>Tenants for tests.</summary>
internal static class TestTenants
{
    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    public static ITenantGrain Tenant(this GrainCluster cluster, TenantId id) => cluster.Grain<ITenantGrain>(GrainKeys.Tenant(id));

    public static async Task<(TenantId Id, ITenantGrain Grain)> NewTenantAsync(this GrainCluster cluster, TenantId? parent = null)
    {
        var id = TenantId.New();
        var grain = cluster.Tenant(id);
        Assert.NotNull(await grain.CreateAsync(new CreateTenant("test", parent, Hash(id.ToString()))));
        return (id, grain);
    }
}
