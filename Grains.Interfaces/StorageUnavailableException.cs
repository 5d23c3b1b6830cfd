namespace NetDiscovery.Grains.Interfaces;

/// <summary>The store behind the silos is away or takes no more: what was asked for may or may not be stored; ask again. Safe, as every grain call is safe to repeat.</summary>
/// <remarks>Known on both sides of the wire, which the database's own exceptions are not.</remarks>
/// <param name="message">What the store said; for logs, not for callers.</param>
[GenerateSerializer, Alias("storage-unavailable")]
public sealed class StorageUnavailableException(string message) : Exception(message);
