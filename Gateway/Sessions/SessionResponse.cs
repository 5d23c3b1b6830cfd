using NetDiscovery.Gateway.Tokens;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Sessions;

/// <summary>A session.</summary>
/// <param name="Id"><c>SE</c>, 32 hexadecimal digits, a dot and the region.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Region">The region that owns it.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Decision">STUN or TURN, and why.</param>
/// <param name="Endpoints">Who takes part.</param>
/// <param name="Metadata">The tenant's own.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="EndedAt">When it ended; null while it lives.</param>
/// <param name="Path">What carries its media; null while nothing has yet.</param>
public sealed record SessionResponse(
    string Id, string Tenant, string Region, SessionState State, DecisionResponse Decision, IReadOnlyList<EndpointResponse> Endpoints,
    IReadOnlyDictionary<string, string> Metadata, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt, SessionPath? Path)
{
    /// <summary>What the API shows of <paramref name="session"/>.</summary>
    public static SessionResponse From(Session session) => new(
        session.Id.ToString(), session.Tenant.ToString(), session.Id.Region, session.State, DecisionResponse.From(session.Decision),
        [.. session.Endpoints.Select(static endpoint => new EndpointResponse(endpoint.Name, endpoint.Address, endpoint.Region, endpoint.Nat))],
        session.Metadata, session.CreatedAt, session.EndedAt, session.Path);
}

/// <summary>A session just made, with the join tokens that are shown only here.</summary>
public sealed record CreatedSessionResponse(
    string Id, string Tenant, string Region, SessionState State, DecisionResponse Decision, IReadOnlyList<JoinResponse> Endpoints,
    IReadOnlyDictionary<string, string> Metadata, DateTimeOffset CreatedAt)
{
    /// <summary>What the API shows of <paramref name="session"/> to who made it.</summary>
    internal static CreatedSessionResponse From(Session session, IReadOnlyList<JoinResponse> endpoints) => new(
        session.Id.ToString(), session.Tenant.ToString(), session.Id.Region, session.State, DecisionResponse.From(session.Decision),
        endpoints, session.Metadata, session.CreatedAt);
}

/// <summary>An endpoint of a session.</summary>
public sealed record EndpointResponse(string Name, string? Address, string? Region, EndpointNat? Nat);

/// <summary>What an endpoint needs to join.</summary>
/// <param name="Name">The endpoint.</param>
/// <param name="JoinToken">Its secret for the session's signaling.</param>
/// <param name="IceServers">For <c>RTCConfiguration</c>; the credential is bound to the session and the endpoint.</param>
public sealed record JoinResponse(string Name, string JoinToken, IReadOnlyList<IceServer> IceServers);

/// <summary>How the endpoints should reach each other, and why.</summary>
public sealed record DecisionResponse(DecisionMode Mode, string Reason, IReadOnlyDictionary<string, string> Inputs, RegionResponse Region)
{
    /// <summary>What the API shows of <paramref name="decision"/>.</summary>
    public static DecisionResponse From(SessionDecision decision) =>
        new(decision.Mode, decision.Reason, decision.Inputs, new RegionResponse(decision.Region, decision.RegionReason));
}

/// <summary>A region and why it was chosen.</summary>
public sealed record RegionResponse(string Name, string Reason);

/// <summary>One step in a session's life.</summary>
public sealed record TimelineResponse(DateTimeOffset At, string Event, string Reason, string? Relay)
{
    /// <summary>What the API shows of <paramref name="entry"/>.</summary>
    public static TimelineResponse From(TimelineEntry entry) => new(entry.At, entry.Event, entry.Reason, entry.RelayId);
}
