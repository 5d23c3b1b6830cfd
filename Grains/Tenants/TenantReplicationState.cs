namespace NetDiscovery.Grains.Tenants;

/// <summary>How far the tenants of the control region have been taken over.</summary>
[GenerateSerializer, Immutable, Alias("TenantReplicationState")]
public sealed record TenantReplicationState
{
    /// <summary>Position in the control region's feed: all changes up to it are stored here.</summary>
    [Id(0)] public long Position { get; init; }
}
