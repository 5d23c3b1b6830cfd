using System.Collections.Immutable;

namespace NetDiscovery.Grains.Interfaces.Tenants;

/// <summary>What has changed of tenants, in order, for other regions. Stateless: any key; use key 0.</summary>
[Alias("tenant-feed"), GrainInterfaceType("tenant-feed")]
public interface ITenantFeedGrain : IGrainWithIntegerKey
{
    /// <summary>Tenants whose last change lies behind <paramref name="after"/>, each as it is stored now. A change that was answered is in it.</summary>
    /// <param name="after">Position of the last one that is known; 0 for all.</param>
    /// <param name="limit">1 to 500; a page may be shorter where tenants are large.</param>
    [Alias("read")]
    Task<TenantFeedPage> ReadAsync(long after, int limit);
}

/// <summary>Takes over tenants from the control region, for as long as it lives. Key: <see cref="GrainKeys.Replication"/>.</summary>
[Alias("tenant-replication"), GrainInterfaceType("tenant-replication")]
public interface ITenantReplicationGrain : IGrainWithStringKey
{
    /// <summary>Sees to it that changes are being taken over; called by every silo every few seconds.</summary>
    [Alias("ensure")]
    Task EnsureAsync();

    /// <summary>Returns when all that the control region has stored up to now is stored here.</summary>
    [Alias("catch-up")]
    Task CatchUpAsync();
}

/// <summary>Changed tenants in order of their last change.</summary>
/// <param name="Items">One entry for each tenant; empty when there is nothing new.</param>
/// <param name="Head">Position of the newest change of all; lower than what is known when the feed is another one, from a backup for example.</param>
[GenerateSerializer, Immutable, Alias("TenantFeedPage")]
public sealed record TenantFeedPage(
    [property: Id(0)] ImmutableArray<TenantReplica> Items,
    [property: Id(1)] long Head);

/// <summary>All of a tenant that other regions need.</summary>
/// <param name="Position">Where it stands in the feed; grows with each change.</param>
/// <param name="Tenant">The tenant.</param>
/// <param name="State">Its state as the control region stores it, JSON. Holds signing keys.</param>
[GenerateSerializer, Immutable, Alias("TenantReplica")]
public sealed record TenantReplica(
    [property: Id(0)] long Position,
    [property: Id(1)] TenantId Tenant,
    [property: Id(2)] string State)
{
    /// <summary>Names it only: the keys must not reach a log by way of string formatting.</summary>
    public override string ToString() => $"TenantReplica {{ Tenant = {Tenant}, Position = {Position} }}";
}

/// <summary>Tenants are written in another region; here they are copies.</summary>
/// <param name="message">Names that region.</param>
[GenerateSerializer, Alias("control-region-required")]
public sealed class ControlRegionRequiredException(string message) : Exception(message);
