using Microsoft.Extensions.Options;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Allowances;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Grains.Usage;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Silo.Regions;

/// <summary>What a silo needs to be one region's among several.</summary>
internal static class RegionHosting
{
    /// <summary>Adds settings, links and the background work.</summary>
    public static void AddRegionHosting(this IServiceCollection services)
    {
        services.AddRegions();
        services.AddOptions<RegionRole>().Configure<IOptions<RegionOptions>>(static (role, region) =>
            (role.Name, role.Control) = (region.Value.Name, region.Value.Control is { Length: > 0 } control ? control : null));
        services.AddSingleton<ITenantSource, TenantSource>();
        services.AddSingleton<IAllowanceLinks, AllowanceLinks>();
        services.AddSingleton<IOtherLedgers, OtherLedgers>();
        services.AddHostedService<TenantReplication>();
    }
}
