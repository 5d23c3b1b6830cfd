namespace NetDiscovery.Grains.Interfaces.Addresses;

/// <summary>The 5-tuple of an allocation (RFC 8656 §3): client and server transport address and the transport between them.</summary>
[GenerateSerializer, Immutable, Alias("FiveTuple")]
public readonly record struct FiveTuple(
    [property: Id(0)] TransportAddress Client,
    [property: Id(1)] TransportAddress Server,
    [property: Id(2)] Transport Transport);
