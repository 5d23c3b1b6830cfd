using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.GrainDirectory;

namespace NetDiscovery.Grains.Allocations;

/// <summary>
/// The silo's cache of where grains are, with an answer for allocations it knows nothing of: here. That is where one nobody has called yet comes to
/// life, so asking the directory first would be for nothing; and of those that live here nothing need be kept.
/// </summary>
/// <remarks>
/// The directory decides as ever: an activation registers before it takes its first call, and where the allocation lives on another silo already, the
/// call is sent on to there and the place remembered here.
/// </remarks>
internal sealed class AllocationLocations(IServiceProvider services, IOptions<GrainDirectoryOptions> options, ILocalSiloDetails here, IClusterMembershipService membership)
    : IGrainDirectoryCache, IAsyncDisposable
{
    private static readonly GrainType AllocationType = GrainType.Create("allocation");

    private readonly IGrainDirectoryCache known = GrainDirectoryCacheFactory.CreateGrainDirectoryCache(services, options.Value);

    public IEnumerable<(GrainAddress ActivationAddress, int Version)> KeyValues => known.KeyValues;

    public bool LookUp(GrainId key, [NotNullWhen(true)] out GrainAddress? result, out int version)
    {
        if (known.LookUp(key, out result, out version))
            return true;

        // A silo that is leaving takes no more activations.
        var cluster = membership.CurrentSnapshot;
        if (key.Type != AllocationType || cluster.GetSiloStatus(here.SiloAddress) != SiloStatus.Active)
            return false;
        result = new GrainAddress { GrainId = key, SiloAddress = here.SiloAddress, MembershipVersion = cluster.Version };
        return true;
    }

    public void AddOrUpdate(GrainAddress value, int version)
    {
        if (value.GrainId.Type == AllocationType && here.SiloAddress.Equals(value.SiloAddress))
            known.Remove(value.GrainId);
        else
            known.AddOrUpdate(value, version);
    }

    public bool Remove(GrainId key) => known.Remove(key);

    public bool Remove(GrainAddress key) => known.Remove(key);

    public void Clear() => known.Clear();

    public ValueTask DisposeAsync() => known is IAsyncDisposable disposable ? disposable.DisposeAsync() : ValueTask.CompletedTask;
}

/// <summary>Registration of <see cref="AllocationLocations"/>.</summary>
public static class AllocationLocationsRegistration
{
    /// <summary>Finds allocations without asking the directory where they most likely are. Goes with <c>AddDistributedGrainDirectory</c>.</summary>
    public static ISiloBuilder AddAllocationLocations(this ISiloBuilder silo)
    {
        silo.Services.AddSingleton<IGrainDirectoryCache, AllocationLocations>();
        return silo;
    }
}
