using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Sessions;

/// <summary>The steps of a session's life, as functions from state to state. A step that changes nothing returns the state it got.</summary>
internal static class SessionSteps
{
    /// <summary>Timeline entries kept of one session; beyond it the oldest after the first goes.</summary>
    public const int MaxTimeline = 1_000;

    /// <summary>The session's first state.</summary>
    public static StoredSession Create(CreateSession request, DiscoveryConfiguration discovery, DateTimeOffset now)
    {
        var decision = SessionDecisions.Decide(request, discovery);
        var session = new Session(request.Id, request.Tenant, SessionState.Created, decision, request.Endpoints, request.Metadata, now, null);
        return new StoredSession { Session = session, Request = request }
            .With(new TimelineEntry(now, "created", request.RegionReason, null))
            .With(new TimelineEntry(now, $"decision {decision.Mode.ToString().ToLowerInvariant()}", decision.Reason, null));
    }

    /// <summary>Ends the session; a session that has ended stays as it is.</summary>
    public static StoredSession End(this StoredSession state, DateTimeOffset now) => state.Session is not { State: not SessionState.Ended } session
        ? state
        : (state with { Session = session with { State = SessionState.Ended, EndedAt = now } })
            .With(new TimelineEntry(now, "ended", "Ended through the API.", null));

    private static StoredSession With(this StoredSession state, TimelineEntry entry)
    {
        var timeline = state.Timeline.Length < MaxTimeline ? state.Timeline : state.Timeline.RemoveAt(1);
        return state with { Timeline = timeline.Add(entry) };
    }
}
