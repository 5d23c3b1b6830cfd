namespace NetDiscovery.Grains.Interfaces.Idempotency;

/// <summary>How much is kept of requests with an Idempotency-Key, and for how long.</summary>
public static class IdempotencyLimits
{
    /// <summary>Longest answer kept, in bytes as sealed. A longer one is made again, from the same ids and secrets.</summary>
    public const int MaxAnswerBytes = 16_384;

    /// <summary>How long an answer is kept.</summary>
    public static readonly TimeSpan AnswerLife = TimeSpan.FromHours(24);
}
