using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;

namespace NetDiscovery.Grains.Allocations;

/// <summary>What is stored of one allocation, live or ended. State name <see cref="AllocationGrain.StateName"/>, provider <see cref="StorageNames.Allocations"/>.</summary>
[GenerateSerializer, Immutable, Alias("AllocationState")]
public sealed record AllocationState : IPackable<AllocationState>
{
    /// <summary>The allocation; null = never opened.</summary>
    [Id(0)] public Allocation? Allocation { get; init; }

    static string IPackable<AllocationState>.StateName => AllocationGrain.StateName;

    byte[] IPackable<AllocationState>.Pack() => Allocation is null ? [] : PackedAllocation.Pack(Allocation);

    static AllocationState IPackable<AllocationState>.Unpack(GrainId grain, byte[] packed) =>
        new() { Allocation = packed.Length == 0 ? null : PackedAllocation.Unpack(GrainKeys.AllocationOf(grain.Key.ToString()!), packed) };
}
