using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Silo.Storage.Allocations;

/// <summary>One row on its way to <c>allocation_state</c>.</summary>
/// <param name="Id">Text form of the allocation's id.</param>
/// <param name="ExpectedVersion">The stored version it replaces; null: there must be none.</param>
/// <param name="State">What is stored.</param>
/// <param name="Json">The same as JSON.</param>
public sealed record AllocationWrite(string Id, int? ExpectedVersion, AllocationState State, string Json)
{
    /// <summary>Makes the row on the caller's thread, so that what can't be written fails its caller alone.</summary>
    public static AllocationWrite From(AllocationId id, int? expectedVersion, AllocationState state) =>
        new(id.ToString(), expectedVersion, state, AllocationJson.Write(state));

    /// <summary>Text form of the tenant; empty when the allocation was never opened.</summary>
    public string Tenant => State.Allocation?.Tenant.ToString() ?? "";

    /// <summary>Text form of the session; empty = none.</summary>
    public string Session => State.Allocation?.Session?.ToString() ?? "";
}
