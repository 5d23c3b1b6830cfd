using Orleans.GrainDirectory;

namespace NetDiscovery.Grains.Allocations;

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
