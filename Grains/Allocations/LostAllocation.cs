using NetDiscovery.Grains.Interfaces.Allocations;

namespace NetDiscovery.Grains.Allocations;

/// <summary>An allocation that nobody closed and whose time is over: its relay is gone, or has been cut off for longer than it could live without a refresh.</summary>
public static class LostAllocation
{
    /// <summary>
    /// How long after its expiry an allocation still may live: a relay cut off from the cluster refreshes allocations that look expired here.
    /// </summary>
    public static TimeSpan Grace { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Closes it as of its expiry, with what was last known of its usage.</summary>
    internal static Allocation Close(Allocation allocation) => allocation with
    {
        ClosedAt = allocation.ExpiresAt,
        CloseReason = AllocationCloseReason.RelayLost,
        Permissions = allocation.Permissions.Clear(),
        Channels = [],
    };

    /// <summary>The same allocation alive: its relay has come back and tells more of it.</summary>
    internal static Allocation Find(Allocation allocation) =>
        allocation.CloseReason == AllocationCloseReason.RelayLost ? allocation with { ClosedAt = null, CloseReason = null } : allocation;
}
