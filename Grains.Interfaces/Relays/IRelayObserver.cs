using NetDiscovery.Grains.Interfaces.Allowances;

namespace NetDiscovery.Grains.Interfaces.Relays;

/// <summary>The relay's own ear: what its <see cref="IRelayGrain"/> tells it without waiting for a heartbeat. Losing a call loses time, nothing else.</summary>
[Alias("relay-observer"), GrainInterfaceType("relay-observer")]
public interface IRelayObserver : IGrainObserver
{
    /// <summary>Commands wait: send a heartbeat now.</summary>
    [Alias("nudge")]
    Task NudgeAsync();

    /// <summary>Another relay needs what this one may not use.</summary>
    /// <param name="allowance">Key of the <see cref="IAllowanceGrain"/>.</param>
    /// <param name="keep">Rates: the share that stays; otherwise 0.</param>
    /// <returns>What the relay holds from now on.</returns>
    [Alias("reclaim")]
    Task<LeaseStatement> ReclaimAsync(string allowance, long keep);
}

/// <summary>What became of asking a relay to give back.</summary>
/// <param name="Statement">What the relay holds now; null when it did not answer.</param>
/// <param name="Gone">True: the relay has been unseen for longer than <see cref="RelayLease.Term"/>, and what it held is free.</param>
[GenerateSerializer, Immutable, Alias("ReclaimAnswer")]
public sealed record ReclaimAnswer(
    [property: Id(0)] LeaseStatement? Statement,
    [property: Id(1)] bool Gone);

/// <summary>How long a relay's leases hold without a sign of life. Not a setting: relay and silo must agree.</summary>
public static class RelayLease
{
    /// <summary>A relay whose heartbeats are unanswered for this long, less <see cref="Margin"/>, admits nothing more from its leases; one unseen for this long has lost them.</summary>
    public static readonly TimeSpan Term = TimeSpan.FromSeconds(60);

    /// <summary>For clocks that run differently and for heartbeats under way.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);
}
