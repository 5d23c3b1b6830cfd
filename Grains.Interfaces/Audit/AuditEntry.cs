namespace NetDiscovery.Grains.Interfaces.Audit;

/// <summary>One change of an account. Holds no secret.</summary>
/// <param name="Id">Of its own: an entry that is stored again is the same.</param>
/// <param name="Tenant">Whose account.</param>
/// <param name="At">When it was changed.</param>
/// <param name="Action">What was done, one of <see cref="AuditActions"/>.</param>
/// <param name="Subject">To what: an id, or empty for the account itself.</param>
/// <param name="Detail">What is particular: a name, a status, a version; may be empty.</param>
/// <param name="Origin">Who did it, from where.</param>
[GenerateSerializer, Immutable, Alias("AuditEntry")]
public sealed record AuditEntry(
    [property: Id(0)] Guid Id,
    [property: Id(1)] TenantId Tenant,
    [property: Id(2)] DateTimeOffset At,
    [property: Id(3)] string Action,
    [property: Id(4)] string Subject,
    [property: Id(5)] string Detail,
    [property: Id(6)] ChangeOrigin Origin);
