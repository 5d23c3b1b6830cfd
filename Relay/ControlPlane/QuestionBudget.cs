using NetDiscovery.Relay.Handlers.Unauthenticated;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>How often each source may make us ask the cluster for a tenant that is not known here. Safe for many threads: questions are rare.</summary>
/// <param name="time">The clock.</param>
internal sealed class QuestionBudget(TimeProvider time)
{
    private readonly SourceRateLimiter limiter = new(TenantCache.QuestionsPerSecond, TenantCache.QuestionsAtOnce);
    private readonly Lock gate = new();
    private readonly long start = time.GetTimestamp();

    /// <returns>False when the source of <paramref name="client"/> has caused too many of late.</returns>
    public bool TryTake(in TransportAddress client)
    {
        lock (gate)
        {
            return limiter.TryTake(SourcePrefix.Of(client), time.GetElapsedTime(start).Ticks / TimeSpan.TicksPerMicrosecond);
        }
    }
}
