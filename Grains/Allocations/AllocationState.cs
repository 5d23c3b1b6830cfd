using NetDiscovery.Grains.Interfaces.Allocations;

namespace NetDiscovery.Grains.Allocations;

/// <summary>What is stored of one allocation, live or ended. State name <see cref="AllocationGrain.StateName"/>, provider <see cref="StorageNames.Allocations"/>.</summary>
[GenerateSerializer, Immutable, Alias("AllocationState")]
public sealed record AllocationState
{
    /// <summary>The allocation; null = never opened.</summary>
    [Id(0)] public Allocation? Allocation { get; init; }
}
