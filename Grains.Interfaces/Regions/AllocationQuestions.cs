namespace NetDiscovery.Grains.Interfaces.Regions;

/// <summary>A region asks another whether it knows an allocation.</summary>
public sealed record AllocationWanted(AllocationId Allocation);

/// <summary>The answer.</summary>
/// <param name="Known">True when it was opened there.</param>
public sealed record AllocationFound(bool Known);
