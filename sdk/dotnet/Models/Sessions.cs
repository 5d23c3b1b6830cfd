namespace NetDiscovery.Client.Models;

/// <summary>A new session between endpoints.</summary>
/// <param name="Endpoints">Two to 16, names unique.</param>
/// <param name="Metadata">The tenant's own: at most 16 entries, names of 1 to 64 and values of up to 512 characters.</param>
public sealed record SessionRequest(IReadOnlyList<EndpointRequest> Endpoints, IReadOnlyDictionary<string, string>? Metadata = null)
{
    /// <summary>A session of endpoints of which nothing but the name is known.</summary>
    public static SessionRequest Of(params string[] endpoints) => new([.. endpoints.Select(name => new EndpointRequest(name))]);
}

/// <summary>One endpoint of a new session; what is null is unknown.</summary>
/// <param name="Name">Its name, at most 64 bytes of UTF-8.</param>
/// <param name="Address">Its IP address.</param>
/// <param name="Region">The region it is in.</param>
/// <param name="Nat">The NAT in front of it.</param>
public sealed record EndpointRequest(string Name, string? Address = null, string? Region = null, Nat? Nat = null);

/// <summary>How a NAT behaves (RFC 4787): <c>endpoint-independent</c>, <c>address-dependent</c> or <c>address-and-port-dependent</c>; null = unknown.</summary>
/// <param name="Mapping">When it reuses a mapping.</param>
/// <param name="Filtering">Whom it lets in.</param>
/// <param name="UdpBlocked">True when UDP does not get through.</param>
public sealed record Nat(string? Mapping = null, string? Filtering = null, bool? UdpBlocked = null);

/// <summary>A session.</summary>
/// <param name="Id"><c>SE</c>, 32 hexadecimal digits, a dot and the region.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Region">The region that owns it.</param>
/// <param name="State"><c>created</c>, <c>negotiating</c>, <c>connected</c>, <c>degraded</c> or <c>ended</c>.</param>
/// <param name="Decision">STUN or TURN, and why.</param>
/// <param name="Endpoints">Who takes part.</param>
/// <param name="Metadata">The tenant's own.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="EndedAt">When it ended; null while it lives.</param>
/// <param name="Path">What carries its media, <c>direct</c> or <c>relay</c>; null while nothing has yet.</param>
public sealed record Session(
    string Id, string Tenant, string Region, string State, Decision Decision, IReadOnlyList<SessionEndpoint> Endpoints,
    IReadOnlyDictionary<string, string> Metadata, DateTimeOffset CreatedAt, DateTimeOffset? EndedAt, string? Path);

/// <summary>A session just made, with the join tokens that are shown only here.</summary>
public sealed record CreatedSession(
    string Id, string Tenant, string Region, string State, Decision Decision, IReadOnlyList<Invitation> Endpoints,
    IReadOnlyDictionary<string, string> Metadata, DateTimeOffset CreatedAt)
{
    /// <returns>What the endpoint of this name needs to join.</returns>
    public Invitation For(string endpoint) => Endpoints.Single(candidate => candidate.Name == endpoint);
}

/// <summary>What an endpoint needs to join. Its text form shows no secret.</summary>
/// <param name="Name">The endpoint.</param>
/// <param name="JoinToken">Its secret for the session's signaling.</param>
/// <param name="IceServers">For <c>RTCConfiguration</c>; the credential is bound to the session and the endpoint.</param>
public sealed record Invitation(string Name, string JoinToken, IReadOnlyList<IceServer> IceServers)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>An endpoint of a session.</summary>
public sealed record SessionEndpoint(string Name, string? Address, string? Region, Nat? Nat);

/// <summary>How the endpoints should reach each other.</summary>
/// <param name="Mode"><c>stun</c>, <c>turn</c> or <c>undecided</c>.</param>
/// <param name="Reason">One sentence for people.</param>
/// <param name="Inputs">What it was decided from, by name.</param>
/// <param name="Region">The region and why.</param>
public sealed record Decision(string Mode, string Reason, IReadOnlyDictionary<string, string> Inputs, RegionChoice Region);

/// <summary>A region and why it was chosen.</summary>
public sealed record RegionChoice(string Name, string Reason);

/// <summary>One step in a session's life.</summary>
public sealed record TimelineEntry(DateTimeOffset At, string Event, string Reason, string? Relay);
