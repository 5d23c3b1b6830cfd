using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.GrainDirectory;
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

/// <summary>
/// The directory of allocations, which holds nothing: each is where it is called, and that is the silo of its ingest shard, whose grain the cluster's directory
/// holds. For a life of a second, registering and unregistering an activation took a quarter of all that the silo did for it.
/// </summary>
/// <remarks>
/// Two silos may have an activation of the same allocation: of one that was read elsewhere, or whose shard has moved. <see cref="AllocationGrain"/> knows
/// from <see cref="HostedShards"/> whether what it holds is the latest, and writes against a version in any case.
/// </remarks>
internal sealed class AllocationDirectory : IGrainDirectory
{
    /// <summary>Its name among directories.</summary>
    public const string Name = "allocations";

    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(address);

    public Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress) => Task.FromResult<GrainAddress?>(address);

    public Task Unregister(GrainAddress address) => Task.CompletedTask;

    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult<GrainAddress?>(null);

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
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
