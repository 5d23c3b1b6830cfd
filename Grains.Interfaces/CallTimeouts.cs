namespace NetDiscovery.Grains.Interfaces;

/// <summary>How long a caller waits for calls that may take longer than others. All others: as the caller's host says (3 s).</summary>
internal static class CallTimeouts
{
    /// <summary>Reads of the store: longer than the store may take for a statement, so that its failure is told as what it is.</summary>
    public const string Reading = "00:00:05";
}
