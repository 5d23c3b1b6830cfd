using System.Collections.Immutable;

namespace NetDiscovery.Grains.Interfaces.Audit;

/// <summary>Lists changes of accounts from the store. Stateless: any key, one activation per silo as needed; use key 0.</summary>
[Alias("audit-query"), GrainInterfaceType("audit-query")]
public interface IAuditQueryGrain : IGrainWithIntegerKey
{
    /// <returns>One page, newest first.</returns>
    [Alias("list"), ResponseTimeout(CallTimeouts.Reading)]
    Task<ImmutableArray<AuditRow>> ListAsync(AuditQuery query);
}

/// <summary>Which changes to list.</summary>
/// <param name="Tenant">Whose account; null for all.</param>
/// <param name="Action">Only these; null for all.</param>
/// <param name="From">At this time or later; null for all.</param>
/// <param name="To">Before this time; null for all.</param>
/// <param name="Before">Cursor: <see cref="AuditRow.Sequence"/> of the last one of the page before; null for the first page.</param>
/// <param name="Limit">Page size, 1 to 1,000.</param>
[GenerateSerializer, Immutable, Alias("AuditQuery")]
public sealed record AuditQuery(
    [property: Id(0)] TenantId? Tenant,
    [property: Id(1)] string? Action,
    [property: Id(2)] DateTimeOffset? From,
    [property: Id(3)] DateTimeOffset? To,
    [property: Id(4)] long? Before,
    [property: Id(5)] int Limit);

/// <summary>A stored change.</summary>
/// <param name="Sequence">Its place in the store; grows.</param>
/// <param name="Entry">The change.</param>
[GenerateSerializer, Immutable, Alias("AuditRow")]
public sealed record AuditRow(
    [property: Id(0)] long Sequence,
    [property: Id(1)] AuditEntry Entry);
