namespace NetDiscovery.Relay.ControlPlane;

/// <summary>Pauses and time limits of what goes on between relay and cluster; tests shorten them.</summary>
internal sealed record ControlPlanePacing
{
    /// <summary>How long a shard gathers events before it sends a batch; twice as long while it has much to tell.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long an answer may take before it counts as lost.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>First pause after a failure; doubles up to <see cref="MaxRetry"/>.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause after failures.</summary>
    public TimeSpan MaxRetry { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Between heartbeats.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Between repairs of the tenant cache.</summary>
    public TimeSpan Repair { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long stopping waits for the cluster to confirm.</summary>
    public TimeSpan StopWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <returns>The pause after <paramref name="failures"/> failures in a row.</returns>
    public TimeSpan RetryAfter(int failures)
    {
        var pause = FirstRetry * Math.Pow(2, Math.Min(failures, 16));
        return pause < MaxRetry ? pause : MaxRetry;
    }
}
