namespace NetDiscovery.Cli;

/// <summary>The command can't be carried out as it was written. The message says what to write.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);
