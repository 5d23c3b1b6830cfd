using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.Hosting;

namespace NetDiscovery.Grains.Allocations;

/// <summary>The silo's cache of where grains are, with an answer for allocations: here, where they are called. Goes with <see cref="AllocationDirectory"/>.</summary>
internal sealed class AllocationLocations(IServiceProvider services, IOptions<GrainDirectoryOptions> options, ILocalSiloDetails here, IClusterMembershipService membership)
    : IGrainDirectoryCache, IAsyncDisposable
{
    private static readonly GrainType AllocationType = GrainType.Create("allocation");

    private readonly IGrainDirectoryCache known = GrainDirectoryCacheFactory.CreateGrainDirectoryCache(services, options.Value);

    public IEnumerable<(GrainAddress ActivationAddress, int Version)> KeyValues => known.KeyValues;

    public bool LookUp(GrainId key, [NotNullWhen(true)] out GrainAddress? result, out int version)
    {
        // A silo that is leaving takes no more activations.
        var cluster = membership.CurrentSnapshot;
        if (key.Type != AllocationType || cluster.GetSiloStatus(here.SiloAddress) != SiloStatus.Active)
            return known.LookUp(key, out result, out version);
        result = new GrainAddress { GrainId = key, SiloAddress = here.SiloAddress, MembershipVersion = cluster.Version };
        version = 0;
        return true;
    }

    public void AddOrUpdate(GrainAddress value, int version)
    {
        if (value.GrainId.Type != AllocationType)
            known.AddOrUpdate(value, version);
    }

    public bool Remove(GrainId key) => known.Remove(key);

    public bool Remove(GrainAddress key) => known.Remove(key);

    public void Clear() => known.Clear();

    public ValueTask DisposeAsync() => known is IAsyncDisposable disposable ? disposable.DisposeAsync() : ValueTask.CompletedTask;
}

/// <summary>Registration of how allocations are found.</summary>
public static class AllocationLocationsRegistration
{
    /// <summary>Has allocations live where their events come in, without a directory.</summary>
    public static ISiloBuilder AddAllocationLocations(this ISiloBuilder silo)
    {
        silo.Services.AddSingleton<IGrainDirectoryCache, AllocationLocations>();
        silo.Services.AddSingleton<HostedShards>();
        silo.AddGrainDirectory(AllocationDirectory.Name, static (_, _) => new AllocationDirectory());
        return silo;
    }
}
