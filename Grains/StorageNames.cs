namespace NetDiscovery.Grains;

/// <summary>Names of the grain storage providers the silo must register.</summary>
public static class StorageNames
{
    /// <summary>One row for each grain state, written before the grain answers.</summary>
    public const string Default = "Default";

    /// <summary>Allocation states: small, changing often, written in groups. Returns from a write only when it is durable.</summary>
    public const string Allocations = "Allocations";

    /// <summary>Session and signaling states: change with every message, written in groups. Returns from a write only when it is durable.</summary>
    public const string Sessions = "Sessions";
}
