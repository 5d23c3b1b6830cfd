namespace NetDiscovery.Silo.Storage;

/// <summary>Sizes and times of a <see cref="GroupCommit{TCall, TResult}"/>.</summary>
/// <param name="Name">What is stored, for metrics and messages.</param>
/// <param name="MaxRows">Rows in one commit; a single call may have more.</param>
/// <param name="MaxWaitingRows">Rows that may wait; a call beyond is refused at once.</param>
/// <param name="Linger">How long the first call of an idle queue waits for company.</param>
public sealed record GroupCommitLimits(string Name, int MaxRows, int MaxWaitingRows, TimeSpan Linger)
{
    /// <summary>
    /// A commit that takes longer fails its callers, who can't know whether it happened: what they store must bear being sent again, or carry a
    /// version.
    /// </summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);
}
