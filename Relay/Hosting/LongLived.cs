namespace NetDiscovery.Relay.Hosting;

/// <summary>What lives as long as the process.</summary>
internal static class LongLived
{
    /// <summary>
    /// Moves what the start and the first connection made to the oldest generation, now and not while media flows: the first collections would do it otherwise, and
    /// stop the data path for 8 to 17 ms each. Two generations take two collections. Stops the process for some ten milliseconds; datagrams wait in their sockets.
    /// </summary>
    public static void MoveAway()
    {
        GC.Collect();
        GC.Collect();
    }
}
