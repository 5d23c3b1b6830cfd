namespace NetDiscovery.Relay.Listeners.Tls;

/// <summary>What became of handshakes. Safe for many threads.</summary>
internal sealed class HandshakeCounters
{
    private long done, failed, timedOut, refused;

    /// <summary>Completed.</summary>
    public long Done => Volatile.Read(ref done);

    /// <summary>Refused by either side, or given up by the client.</summary>
    public long Failed => Volatile.Read(ref failed);

    /// <summary>Cut by the time limit.</summary>
    public long TimedOut => Volatile.Read(ref timedOut);

    /// <summary>Not begun, because a limit was reached.</summary>
    public long Refused => Volatile.Read(ref refused);

    public void CountDone() => Interlocked.Increment(ref done);

    public void CountFailed() => Interlocked.Increment(ref failed);

    public void CountTimedOut() => Interlocked.Increment(ref timedOut);

    public void CountRefused() => Interlocked.Increment(ref refused);
}
