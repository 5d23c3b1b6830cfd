using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace NetDiscovery.ServiceDefaults.Regions;

/// <summary>Makes the regions known to a host.</summary>
public static class RegionRegistration
{
    /// <summary>Adds settings, directory and links. Silo and gateway both call it, also where they are one process.</summary>
    public static void AddRegions(this IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(RegionDirectory)))
        {
            return;
        }

        services.AddValidatedOptions<RegionOptions, RegionOptionsValidator>(RegionOptions.Section);
        services.TryAddSingleton<RegionDirectory>();
        services.TryAddSingleton<RegionLinks>();
    }
}
