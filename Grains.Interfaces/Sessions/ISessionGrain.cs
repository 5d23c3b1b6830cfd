using System.Collections.Immutable;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Interfaces.Sessions;

/// <summary>One negotiation between endpoints. Key: <see cref="GrainKeys.Session"/>.</summary>
[Alias("session"), GrainInterfaceType("session")]
public interface ISessionGrain : IGrainWithStringKey
{
    /// <summary>Makes the session, decides by the tenant's discovery configuration and counts it in the ledger. Safe to repeat with the same request.</summary>
    /// <returns>Null when there is no such tenant, it is not active, or a session of this id was made by another request.</returns>
    [Alias("create")]
    Task<Session?> CreateAsync(CreateSession request);

    /// <returns>The session, or null when there is none of this id.</returns>
    [Alias("get"), AlwaysInterleave]
    Task<Session?> GetAsync();

    /// <summary>Ends the session.</summary>
    /// <returns>False when there is none of this id.</returns>
    [Alias("end")]
    Task<bool> EndAsync();

    /// <returns>Every step so far, oldest first; empty when there is no such session.</returns>
    [Alias("timeline"), AlwaysInterleave]
    Task<ImmutableArray<TimelineEntry>> GetTimelineAsync();

    /// <summary>An endpoint arrives at its signaling connection, or comes back to it; an earlier connection of it is closed.</summary>
    [Alias("join")]
    Task<JoinAnswer> JoinAsync(JoinSession join);

    /// <summary>Takes signals of an endpoint: stores them, passes them on, acts on them. Safe to repeat: what was received changes nothing.</summary>
    /// <param name="connection">The connection named when joining.</param>
    /// <param name="signals">In order of their sequence, at most <see cref="SignalingLimits.MaxBatch"/>.</param>
    [Alias("send")]
    Task<SendAnswer> SendAsync(Guid connection, ImmutableArray<SentSignal> signals);

    /// <summary>A connection is alive. Due every <see cref="SignalingLimits.Heartbeat"/>; brings what deliveries have missed.</summary>
    /// <param name="connection">The connection named when joining.</param>
    /// <param name="confirmed">The last sequence that the endpoint has confirmed: it and those before are forgotten.</param>
    /// <param name="delivered">The last sequence that the gateway has passed on.</param>
    [Alias("beat")]
    Task<BeatAnswer> BeatAsync(Guid connection, long confirmed, long delivered);

    /// <summary>Takes Bindings that relays saw: how an endpoint's NAT maps follows from those of the last seconds. Those of another tenant or of no endpoint change nothing.</summary>
    [Alias("observe")]
    Task ObserveAsync(ImmutableArray<BindingObserved> observed);

    /// <summary>Goes on with handing events over for delivery: the silo that was at it may be gone.</summary>
    [Alias("wake")]
    Task WakeAsync();

    /// <summary>A connection has ended; nothing happens when it is not the endpoint's.</summary>
    [Alias("leave")]
    Task LeaveAsync(Guid connection);
}

/// <summary>What makes a session.</summary>
/// <param name="Id">Chosen by the caller, in the owning region.</param>
/// <param name="Tenant">Who it belongs to.</param>
/// <param name="Endpoints">Two or more, names unique.</param>
/// <param name="Metadata">The tenant's own; at most 16 entries of 64 and 512 characters.</param>
/// <param name="RegionReason">Why the region in <paramref name="Id"/> was chosen.</param>
/// <param name="Verdict">What the tenant's own servers said of it; null when it has none.</param>
[GenerateSerializer, Immutable, Alias("CreateSession")]
public sealed record CreateSession(
    [property: Id(0)] SessionId Id,
    [property: Id(1)] TenantId Tenant,
    [property: Id(2)] ImmutableArray<SessionEndpoint> Endpoints,
    [property: Id(3)] ImmutableSortedDictionary<string, string> Metadata,
    [property: Id(4)] string RegionReason,
    [property: Id(5)] DecisionVerdict? Verdict = null);

/// <summary>What a tenant's servers said of a session that they allow.</summary>
/// <param name="ForceRelay">True when its media has to be relayed.</param>
/// <param name="Reasons">Each server's word in a sentence, for the timeline; the one that counts is last.</param>
[GenerateSerializer, Immutable, Alias("DecisionVerdict")]
public sealed record DecisionVerdict(
    [property: Id(0)] bool ForceRelay,
    [property: Id(1)] ImmutableArray<string> Reasons);

/// <summary>One endpoint of a session.</summary>
/// <param name="Name">1 to 64 characters, unique in the session.</param>
/// <param name="Address">Its IP address as the tenant knows it; null when unknown.</param>
/// <param name="Region">Its declared region; null when unknown.</param>
/// <param name="JoinTokenHash">SHA-256 of its join token's UTF-8 text.</param>
/// <param name="Nat">What the tenant or the endpoint itself says of the NAT in front of it; null when neither does.</param>
/// <param name="NatReported">True when the endpoint itself said so.</param>
/// <param name="ObservedMapping">How the NAT maps as relays see it; null when they saw too little. Counts where <paramref name="Nat"/> says nothing of it.</param>
[GenerateSerializer, Immutable, Alias("SessionEndpoint")]
public sealed record SessionEndpoint(
    [property: Id(0)] string Name,
    [property: Id(1)] string? Address,
    [property: Id(2)] string? Region,
    [property: Id(3)] byte[] JoinTokenHash,
    [property: Id(4)] EndpointNat? Nat = null,
    [property: Id(5)] bool NatReported = false,
    [property: Id(6)] NatBehaviour? ObservedMapping = null);

/// <summary>How the NAT in front of an endpoint behaves (RFC 4787, RFC 5780); null = unknown.</summary>
/// <param name="Mapping">When the NAT reuses a mapping.</param>
/// <param name="Filtering">Whom it lets in.</param>
/// <param name="UdpBlocked">True when UDP does not get through at all.</param>
[GenerateSerializer, Immutable, Alias("EndpointNat")]
public sealed record EndpointNat(
    [property: Id(0)] NatBehaviour? Mapping,
    [property: Id(1)] NatBehaviour? Filtering,
    [property: Id(2)] bool? UdpBlocked);

/// <summary>What the behaviour of a NAT depends on (RFC 4787 §4.1, §5).</summary>
[GenerateSerializer, Alias("NatBehaviour")]
public enum NatBehaviour
{
    /// <summary>On nothing of the peer.</summary>
    EndpointIndependent,

    /// <summary>On the peer's address.</summary>
    AddressDependent,

    /// <summary>On the peer's address and port: symmetric, for a mapping.</summary>
    AddressAndPortDependent,
}

/// <summary>A session as the API shows it.</summary>
[GenerateSerializer, Immutable, Alias("Session")]
public sealed record Session(
    [property: Id(0)] SessionId Id,
    [property: Id(1)] TenantId Tenant,
    [property: Id(2)] SessionState State,
    [property: Id(3)] SessionDecision Decision,
    [property: Id(4)] ImmutableArray<SessionEndpoint> Endpoints,
    [property: Id(5)] ImmutableSortedDictionary<string, string> Metadata,
    [property: Id(6)] DateTimeOffset CreatedAt,
    [property: Id(7)] DateTimeOffset? EndedAt,
    [property: Id(8)] SessionPath? Path = null);

/// <summary>Where a session is in its life.</summary>
[GenerateSerializer, Alias("SessionState")]
public enum SessionState
{
    /// <summary>Created; endpoints have their join tokens.</summary>
    Created,

    /// <summary>Ended.</summary>
    Ended,

    /// <summary>All endpoints are there and look for a path.</summary>
    Negotiating,

    /// <summary>Media can flow between all endpoints.</summary>
    Connected,

    /// <summary>It was further: an endpoint is gone from its signaling connection, or the path is broken.</summary>
    Degraded,
}

/// <summary>STUN or TURN, and why.</summary>
/// <param name="Mode">The decision.</param>
/// <param name="Reason">One sentence for people.</param>
/// <param name="Inputs">What it was decided from, by name.</param>
/// <param name="Region">The chosen region.</param>
/// <param name="RegionReason">Why that region.</param>
[GenerateSerializer, Immutable, Alias("SessionDecision")]
public sealed record SessionDecision(
    [property: Id(0)] DecisionMode Mode,
    [property: Id(1)] string Reason,
    [property: Id(2)] ImmutableSortedDictionary<string, string> Inputs,
    [property: Id(3)] string Region,
    [property: Id(4)] string RegionReason);

/// <summary>How the endpoints should reach each other.</summary>
[GenerateSerializer, Alias("DecisionMode")]
public enum DecisionMode
{
    /// <summary>Not enough is known yet: try direct with TURN prepared.</summary>
    Undecided,

    /// <summary>Directly, with STUN.</summary>
    Stun,

    /// <summary>Through a relay.</summary>
    Turn,
}

/// <summary>One step in a session's life.</summary>
[GenerateSerializer, Immutable, Alias("TimelineEntry")]
public sealed record TimelineEntry(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] string Event,
    [property: Id(2)] string Reason,
    [property: Id(3)] string? RelayId);
