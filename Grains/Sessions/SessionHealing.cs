using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Sessions;

/// <summary>
/// Moves a session to another path: to a relay when the direct path breaks, to another relay when that one is gone, back when direct may work again. Where the
/// tenant allows direct paths only, another of these is looked for.
/// </summary>
internal static class SessionHealing
{
    /// <summary>
    /// Endpoints are not asked to move again before this has passed: a move takes some round trips, and both ends report the same break. Doubles with each
    /// vain move, because asking again begins anew what a slow network had nearly done.
    /// </summary>
    public static readonly TimeSpan MoveWithin = TimeSpan.FromSeconds(4);

    /// <summary>The longest time that a move is given.</summary>
    public static readonly TimeSpan LongestMove = TimeSpan.FromSeconds(32);

    /// <summary>
    /// How long media must flow between all endpoints before a move counts as done. A path that carries media one way only may look whole for a moment, again
    /// and again.
    /// </summary>
    public static readonly TimeSpan HealedAfter = TimeSpan.FromSeconds(8);

    /// <summary>Moves in vain after which a restart is trusted no more: endpoints are asked for peer connections made anew.</summary>
    public const int VainRestarts = 2;

    /// <summary>How long media must be relayed before the direct path is tried again; doubles with each vain trial.</summary>
    public static readonly TimeSpan FirstTrial = TimeSpan.FromSeconds(10);

    /// <summary>The longest time between two trials.</summary>
    public static readonly TimeSpan LongestTrial = TimeSpan.FromMinutes(5);

    /// <summary>What is to be done about a session's path now.</summary>
    /// <param name="state">The session.</param>
    /// <param name="discovery">The tenant's configuration as it is now.</param>
    /// <param name="now">The present.</param>
    /// <returns>The next state, and what endpoints are asked; null = nothing.</returns>
    public static (StoredSession Next, MigrateSignal? Ask) Heal(this StoredSession state, DiscoveryConfiguration discovery, DateTimeOffset now)
    {
        if (state.Session is not { State: not (SessionState.Ended or SessionState.Created) } session)
            return (state, null);

        var broken = session.Endpoints.FirstOrDefault(endpoint => state.Link(endpoint.Name) is { Left: false, Connectivity: Connectivity.Disconnected or Connectivity.Failed });
        if (broken is not null)
            return Recover(state, session, broken.Name, discovery, now);

        return session.State == SessionState.Connected ? Watch(state, session, discovery, now) : (state, null);
    }

    private static (StoredSession, MigrateSignal?) Recover(StoredSession state, Session session, string reporter, DiscoveryConfiguration discovery, DateTimeOffset now)
    {
        if (now - state.MigratedAt < Doubled(MoveWithin, state.VainMoves - 1, LongestMove))
            return (state, null);

        var mode = discovery.Decision == "direct" ? DecisionMode.Stun : DecisionMode.Turn;
        var wasRelayed = state.Link(reporter).Path == SessionPath.Relay || session.Decision.Mode == DecisionMode.Turn;
        var anew = state.VainMoves >= VainRestarts;
        var reason = anew ? $"{reporter} has heard nothing since {state.VainMoves} moves: peer connections are made anew."
            : mode == DecisionMode.Stun ? $"{reporter} has no direct path: one is looked for again, because the tenant allows no relay."
            : wasRelayed ? $"{reporter} has lost its relayed path: another relay is tried."
            : $"{reporter} has lost its direct path: media moves to a relay.";
        var moved = state with
        {
            Session = session with { Decision = session.Decision with { Mode = mode, Reason = reason } },
            MigratedAt = now,
            NextTrial = null,
            VainMoves = state.VainMoves + 1,
        };
        return (moved.Note(now, $"migrate {SessionSteps.Name(mode)}", reason), new MigrateSignal(mode, reason, anew));
    }

    private static (StoredSession, MigrateSignal?) Watch(StoredSession state, Session session, DiscoveryConfiguration discovery, DateTimeOffset now)
    {
        if (state.VainMoves > 0)
            return (now - state.StateSince < HealedAfter ? state : Healed(state, session), null);
        if (session.Path == SessionPath.Direct)
        {
            if (state.MigratedAt is null || session.Decision.Mode != DecisionMode.Turn)
                return (state, null);

            const string reason = "The direct path works again.";
            var returned = state with
            {
                Session = session with { Decision = session.Decision with { Mode = DecisionMode.Stun, Reason = reason } },
                MigratedAt = null,
                NextTrial = null,
                VainTrials = 0,
            };
            return (returned.Note(now, "decision stun", reason), null);
        }

        // Relayed because the direct path broke; where table or tenant say TURN, nothing is tried.
        if (state.MigratedAt is null || SessionDecisions.Decide(state.Request! with { Endpoints = session.Endpoints }, discovery).Mode == DecisionMode.Turn)
            return (state, null);
        if (state.NextTrial is not { } due)
            return (state with { NextTrial = (state.StateSince ?? now) + Pause(state.VainTrials) }, null);
        if (now < due)
            return (state, null);

        const string trial = "The direct path is tried again; the relay carries the media until it works.";
        var tried = state with { NextTrial = now + Pause(state.VainTrials + 1), VainTrials = state.VainTrials + 1, MigratedAt = now };
        return (tried.Note(now, "migrate stun", trial), new MigrateSignal(DecisionMode.Stun, trial));
    }

    // A relayed session is watched further: the direct path may come back.
    private static StoredSession Healed(StoredSession state, Session session) =>
        state with { VainMoves = 0, MigratedAt = session.Decision.Mode == DecisionMode.Stun ? null : state.MigratedAt };

    private static TimeSpan Pause(int vainTrials) => Doubled(FirstTrial, vainTrials, LongestTrial);

    private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan longest) => TimeSpan.FromTicks(Math.Min(longest.Ticks, first.Ticks << Math.Clamp(times, 0, 10)));
}
