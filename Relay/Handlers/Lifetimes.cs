using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Handlers;

/// <summary>How long an allocation gets (RFC 8656 §7.2): what was asked for, between 600 s and 3600 s, and never beyond its credential.</summary>
/// <param name="Seconds">As LIFETIME tells the client.</param>
/// <param name="ExpiresTick">When the allocation ends.</param>
/// <param name="ExpiresAt">The same as a time.</param>
internal readonly record struct GrantedLifetime(uint Seconds, long ExpiresTick, DateTimeOffset ExpiresAt)
{
    /// <summary>Decides on a lifetime.</summary>
    /// <param name="asked">LIFETIME of the request, when it has one; not 0.</param>
    /// <param name="credentialExpiresAt">The credential's end, in the future.</param>
    /// <param name="now">The worker's tick.</param>
    /// <param name="utcNow">The worker's time.</param>
    public static GrantedLifetime Decide(Lifetime? asked, DateTimeOffset credentialExpiresAt, long now, DateTimeOffset utcNow)
    {
        var seconds = Math.Clamp(asked?.Seconds ?? TurnDefaults.LifetimeSeconds, TurnDefaults.LifetimeSeconds, TurnDefaults.MaxLifetimeSeconds);
        var left = credentialExpiresAt - utcNow;
        if (left.TotalSeconds < seconds)
        {
            return new GrantedLifetime((uint)Math.Max(1, left.TotalSeconds), TickOf(credentialExpiresAt, now, utcNow), credentialExpiresAt);
        }

        return new GrantedLifetime(seconds, now + (seconds * TimingWheel.TicksPerSecond), utcNow.AddSeconds(seconds));
    }

    /// <returns>The first tick at or after a time.</returns>
    public static long TickOf(DateTimeOffset time, long now, DateTimeOffset utcNow) =>
        now + (long)Math.Ceiling((time - utcNow).TotalMilliseconds / TimingWheel.TickMilliseconds);
}
