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
        var created = new StoredSession { Session = session, Request = request }.Note(now, "created", request.RegionReason);
        return (request.Verdict?.Reasons ?? []).Aggregate(created, (state, reason) => state.Note(now, "verdict", reason))
            .Note(now, $"decision {Name(decision.Mode)}", decision.Reason);
    }

    /// <summary>Ends the session; a session that has ended stays as it is.</summary>
    public static StoredSession End(this StoredSession state, string reason, DateTimeOffset now) => state.Session is not { State: not SessionState.Ended } session
        ? state
        : (state with { Session = session with { State = SessionState.Ended, EndedAt = now }, NextTrial = null }).Note(now, "ended", reason);

    /// <summary>An endpoint is at its signaling connection.</summary>
    /// <param name="state">The session.</param>
    /// <param name="endpoint">Its name.</param>
    /// <param name="resumed">False when it starts anew: its media connection, if it had one, is gone.</param>
    /// <param name="now">The present.</param>
    public static StoredSession Join(this StoredSession state, string endpoint, bool resumed, DateTimeOffset now)
    {
        var before = state.Link(endpoint);
        var link = resumed ? before with { Present = true, Left = false } : EndpointLink.Unknown with { Present = true };
        return link == before ? state : state.With(endpoint, link).Note(now, "joined", $"{endpoint} {(resumed ? "came back" : "came")} to its signaling connection.").Settle(now);
    }

    /// <summary>An endpoint is no longer at its signaling connection. Its media may go on.</summary>
    public static StoredSession Leave(this StoredSession state, string endpoint, string reason, DateTimeOffset now) =>
        !state.Link(endpoint).Present ? state : state.With(endpoint, state.Link(endpoint) with { Present = false }).Note(now, "left", reason).Settle(now);

    /// <summary>An endpoint leaves for good. A session with fewer than two endpoints left ends.</summary>
    public static StoredSession SayGoodbye(this StoredSession state, string endpoint, string reason, DateTimeOffset now)
    {
        if (state.Link(endpoint).Left)
            return state;

        var words = reason.Length > 0 ? $"{endpoint} said goodbye: {reason}" : $"{endpoint} said goodbye.";
        var next = state.With(endpoint, EndpointLink.Unknown with { Left = true }).Note(now, "bye", words);
        return next.Session!.Endpoints.Count(other => !next.Link(other.Name).Left) < 2 ? next.End(words, now) : next.Settle(now);
    }

    /// <summary>An endpoint says how its connection to the others is.</summary>
    public static StoredSession Report(this StoredSession state, string endpoint, ConnectivitySignal report, DateTimeOffset now)
    {
        var link = state.Link(endpoint);
        var path = report.State == Connectivity.Connected ? report.Path : report.Path ?? link.Path;
        if (link.Connectivity == report.State && link.Path == path)
            return state;

        var how = $"{endpoint} is {report.State.ToString().ToLowerInvariant()}{(path is { } known ? $", {Name(known)}" : "")}"
            + (report.RoundTripMilliseconds is { } roundTrip ? $", {roundTrip} ms." : ".");
        return state.With(endpoint, link with { Connectivity = report.State, Path = path }).Note(now, "connectivity", how).Settle(now);
    }

    /// <summary>Something new is known of an endpoint's NAT: decides again, unless media flows already or the path has been moved.</summary>
    public static StoredSession Learn(this StoredSession state, string endpoint, EndpointNat nat, DiscoveryConfiguration discovery, DateTimeOffset now)
    {
        var session = state.Session!;
        var known = session.Endpoints.First(candidate => candidate.Name == endpoint);
        var merged = new EndpointNat(nat.Mapping ?? known.Nat?.Mapping, nat.Filtering ?? known.Nat?.Filtering, nat.UdpBlocked ?? known.Nat?.UdpBlocked);
        if (merged == known.Nat)
            return state;

        return state.DecideAgain(known, known with { Nat = merged, NatReported = true }, $"{endpoint}: {SessionDecisions.Describe(merged)}, reported by client.", discovery, now);
    }

    /// <summary>Relays saw how an endpoint's NAT maps; counts where nobody says it who knows better.</summary>
    public static StoredSession Observe(this StoredSession state, string endpoint, NatBehaviour mapping, DiscoveryConfiguration discovery, DateTimeOffset now)
    {
        var known = state.Session!.Endpoints.FirstOrDefault(candidate => candidate.Name == endpoint);
        return known is null || known.ObservedMapping == mapping || state.Session.State == SessionState.Ended
            ? state
            : state.DecideAgain(known, known with { ObservedMapping = mapping }, $"{endpoint}: mapping {mapping}, observed by relay.", discovery, now);
    }

    /// <summary>Adds a step to the timeline.</summary>
    public static StoredSession Note(this StoredSession state, DateTimeOffset now, string step, string reason, string? relay = null)
    {
        var timeline = state.Timeline.Length < MaxTimeline ? state.Timeline : state.Timeline.RemoveAt(1);
        return state with { Timeline = timeline.Add(new TimelineEntry(now, step, reason, relay)) };
    }

    /// <summary>A mode as the timeline names it.</summary>
    public static string Name(DecisionMode mode) => mode.ToString().ToLowerInvariant();

    /// <summary>A path as the timeline names it.</summary>
    public static string Name(SessionPath path) => path == SessionPath.Direct ? "direct" : "relayed";

    private static StoredSession With(this StoredSession state, string endpoint, EndpointLink link) => state with { Links = state.Links.SetItem(endpoint, link) };

    private static StoredSession DecideAgain(
        this StoredSession state, SessionEndpoint known, SessionEndpoint better, string words, DiscoveryConfiguration discovery, DateTimeOffset now)
    {
        var session = state.Session!;
        session = session with { Endpoints = session.Endpoints.Replace(known, better) };
        var next = (state with { Session = session }).Note(now, "nat", words);
        if (session.State == SessionState.Connected || state.MigratedAt is not null)
            return next;

        var decision = SessionDecisions.Decide(state.Request! with { Endpoints = session.Endpoints }, discovery);
        next = next with { Session = session with { Decision = decision } };
        return decision.Mode == session.Decision.Mode ? next : next.Note(now, $"decision {Name(decision.Mode)}", decision.Reason);
    }

    // Where the session is follows from its endpoints' connections.
    private static StoredSession Settle(this StoredSession state, DateTimeOffset now)
    {
        var session = state.Session!;
        if (session.State == SessionState.Ended)
            return state;

        var links = session.Endpoints.Select(endpoint => state.Link(endpoint.Name)).Where(link => !link.Left).ToList();
        var begun = session.State != SessionState.Created;
        var next = links switch
        {
            _ when links.Exists(link => !link.Present) => begun ? SessionState.Degraded : SessionState.Created,
            _ when links.TrueForAll(link => link.Connectivity == Connectivity.Connected) => SessionState.Connected,
            _ when links.Exists(link => link.Connectivity is Connectivity.Disconnected or Connectivity.Failed) => SessionState.Degraded,
            _ => SessionState.Negotiating,
        };
        SessionPath? path = next == SessionState.Connected
            ? links.Exists(link => link.Path == SessionPath.Relay) ? SessionPath.Relay : SessionPath.Direct
            : session.Path;
        if (next == session.State && path == session.Path)
            return state;

        var settled = state with { Session = session with { State = next, Path = path }, StateSince = next == session.State ? state.StateSince : now };
        return settled.Note(now, next.ToString().ToLowerInvariant(), path is { } known ? $"Media is {Name(known)}." : "No media yet.");
    }
}
