namespace NetDiscovery.Silo.Storage;

/// <summary>More is waiting to be stored than is allowed; nothing of the refused call was stored. Send it again later.</summary>
public sealed class StorageOverloadedException(string message) : Exception(message);
