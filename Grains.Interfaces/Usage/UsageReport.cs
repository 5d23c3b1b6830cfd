namespace NetDiscovery.Grains.Interfaces.Usage;

/// <summary>What one row of the ledger is about.</summary>
/// <param name="Tenant">Who pays.</param>
/// <param name="Session">Text of the session id; empty = none.</param>
/// <param name="Label">The credential's label; empty = none.</param>
/// <param name="Region">Where it happened.</param>
/// <param name="RelayId">Which relay carried it; empty for what gateways count.</param>
/// <param name="Transport"><c>udp</c>, <c>tcp</c>, <c>tls</c>, <c>dtls</c>; empty for what gateways count.</param>
[GenerateSerializer, Immutable, Alias("UsageKeys")]
public sealed record UsageKeys(
    [property: Id(0)] TenantId Tenant,
    [property: Id(1)] string Session,
    [property: Id(2)] string Label,
    [property: Id(3)] string Region,
    [property: Id(4)] string RelayId,
    [property: Id(5)] string Transport);

/// <summary>Running totals of one source at one moment. Reporting it twice, or an older one late, counts nothing twice.</summary>
/// <param name="SourceId">The allocation's id, or an id a gateway made for one counter of one process.</param>
/// <param name="Sequence">Grows with each report of the source; an equal or lower one than the last is ignored.</param>
/// <param name="Keys">The same in every report of a source.</param>
/// <param name="Totals">Never lower than before.</param>
/// <param name="ObservedAt">Decides the hour that the difference is booked to.</param>
[GenerateSerializer, Immutable, Alias("UsageReport")]
public sealed record UsageReport(
    [property: Id(0)] Guid SourceId,
    [property: Id(1)] long Sequence,
    [property: Id(2)] UsageKeys Keys,
    [property: Id(3)] UsageTotals Totals,
    [property: Id(4)] DateTimeOffset ObservedAt);
