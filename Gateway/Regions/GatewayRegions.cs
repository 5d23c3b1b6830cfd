using NetDiscovery.Gateway.Allocations;
using NetDiscovery.Gateway.Regions.Choice;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions;

/// <summary>What a gateway needs to be one region's among several.</summary>
internal static class GatewayRegions
{
    /// <summary>Adds links to other regions, what is known of them, and the choice of region.</summary>
    public static void AddGatewayRegions(this IServiceCollection services)
    {
        services.AddRegions();
        services.AddHttpForwarder();
        services.AddSingleton<ReplayWindow>().AddSingleton<LinkVerifier>().AddSingleton<RegionForwarder>().AddSingleton<RegionSummaries>();
        services.AddSingleton<RegionWatch>().AddHostedService(static provider => provider.GetRequiredService<RegionWatch>());
        services.AddSingleton<IRegionHealth>(static provider => provider.GetRequiredService<RegionWatch>());
        services.AddSingleton<RegionDistances>().AddSingleton<GeoDatabase>().AddSingleton<AddressPlaces>().AddSingleton<RegionChooser>();
        services.AddSingleton<RegionalUsage>().AddSingleton<AllocationRegions>();
    }
}
