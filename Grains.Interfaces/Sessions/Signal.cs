using System.Text.Json.Serialization;

namespace NetDiscovery.Grains.Interfaces.Sessions;

/// <summary>One thing said in a session: by an endpoint to others, by an endpoint to the platform, or by the platform to endpoints.</summary>
[GenerateSerializer, Immutable, Alias("Signal")]
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DescriptionSignal), "description")]
[JsonDerivedType(typeof(CandidateSignal), "candidate")]
[JsonDerivedType(typeof(NatSignal), "nat")]
[JsonDerivedType(typeof(ConnectivitySignal), "connectivity")]
[JsonDerivedType(typeof(ByeSignal), "bye")]
[JsonDerivedType(typeof(PresenceSignal), "presence")]
[JsonDerivedType(typeof(DecisionSignal), "decision")]
[JsonDerivedType(typeof(MigrateSignal), "migrate")]
[JsonDerivedType(typeof(StateSignal), "state")]
public abstract record Signal;

/// <summary>A session description (RFC 8829), passed on to other endpoints.</summary>
/// <param name="Type"><c>offer</c>, <c>answer</c>, <c>pranswer</c> or <c>rollback</c>.</param>
/// <param name="Sdp">SDP text (RFC 8866), at most <see cref="SignalingLimits.MaxDescription"/> characters.</param>
[GenerateSerializer, Immutable, Alias("DescriptionSignal")]
public sealed record DescriptionSignal([property: Id(0)] string Type, [property: Id(1)] string Sdp) : Signal;

/// <summary>A trickled ICE candidate (RFC 8838), passed on to other endpoints. An empty text ends the candidates of a generation.</summary>
/// <param name="Candidate">The candidate attribute (RFC 8839 §5.1), at most <see cref="SignalingLimits.MaxCandidate"/> characters.</param>
/// <param name="SdpMid">Media stream identification tag; null when the line index says it.</param>
/// <param name="SdpMLineIndex">Index of the media description; null when the tag says it.</param>
/// <param name="UsernameFragment">ICE generation it belongs to; null when unknown.</param>
[GenerateSerializer, Immutable, Alias("CandidateSignal")]
public sealed record CandidateSignal(
    [property: Id(0)] string Candidate,
    [property: Id(1)] string? SdpMid,
    [property: Id(2)] int? SdpMLineIndex,
    [property: Id(3)] string? UsernameFragment) : Signal;

/// <summary>An endpoint tells the platform how its NAT behaves, as far as it could find out (RFC 5780).</summary>
[GenerateSerializer, Immutable, Alias("NatSignal")]
public sealed record NatSignal([property: Id(0)] EndpointNat Nat) : Signal;

/// <summary>An endpoint tells the platform how its connection to the others is.</summary>
/// <param name="State">The state.</param>
/// <param name="Path">What carries the media; null while nothing does.</param>
/// <param name="RoundTripMilliseconds">Measured on the path; null when unknown.</param>
[GenerateSerializer, Immutable, Alias("ConnectivitySignal")]
public sealed record ConnectivitySignal(
    [property: Id(0)] Connectivity State,
    [property: Id(1)] SessionPath? Path,
    [property: Id(2)] int? RoundTripMilliseconds) : Signal;

/// <summary>An endpoint leaves for good, or (from the platform) the session has ended.</summary>
/// <param name="Reason">One sentence for people; may be empty.</param>
[GenerateSerializer, Immutable, Alias("ByeSignal")]
public sealed record ByeSignal([property: Id(0)] string Reason) : Signal;

/// <summary>The platform says whether an endpoint is at its signaling connection.</summary>
/// <param name="Endpoint">Whom this is about.</param>
/// <param name="Present">True when it is.</param>
/// <param name="Resumed">True when it goes on where it was; false when it starts anew and knows nothing of what was negotiated.</param>
[GenerateSerializer, Immutable, Alias("PresenceSignal")]
public sealed record PresenceSignal([property: Id(0)] string Endpoint, [property: Id(1)] bool Present, [property: Id(2)] bool Resumed) : Signal;

/// <summary>The platform says what it has decided.</summary>
[GenerateSerializer, Immutable, Alias("DecisionSignal")]
public sealed record DecisionSignal([property: Id(0)] DecisionMode Mode, [property: Id(1)] string Reason) : Signal;

/// <summary>The platform asks endpoints to restart ICE (RFC 8445 §9) on another kind of path. Fresh ICE servers come with it.</summary>
/// <param name="Mode">Where to: <see cref="DecisionMode.Turn"/> = relayed only; <see cref="DecisionMode.Stun"/> = try direct, the relay stays in use until that works.</param>
/// <param name="Reason">One sentence for people.</param>
/// <param name="Anew">True = restarts have not helped: both ends give their peer connection up and negotiate another.</param>
[GenerateSerializer, Immutable, Alias("MigrateSignal")]
public sealed record MigrateSignal([property: Id(0)] DecisionMode Mode, [property: Id(1)] string Reason, [property: Id(2)] bool Anew = false) : Signal;

/// <summary>The platform says where the session is in its life.</summary>
[GenerateSerializer, Immutable, Alias("StateSignal")]
public sealed record StateSignal([property: Id(0)] SessionState State, [property: Id(1)] SessionPath? Path) : Signal;

/// <summary>How an endpoint's connection to the others is.</summary>
[GenerateSerializer, Alias("Connectivity")]
public enum Connectivity
{
    /// <summary>Nothing was heard yet.</summary>
    New,

    /// <summary>Candidates are being checked.</summary>
    Checking,

    /// <summary>Media can flow.</summary>
    Connected,

    /// <summary>Nothing has come through for a while; it may come back by itself.</summary>
    Disconnected,

    /// <summary>No candidate pair works.</summary>
    Failed,
}

/// <summary>What carries a session's media.</summary>
[GenerateSerializer, Alias("SessionPath")]
public enum SessionPath
{
    /// <summary>From endpoint to endpoint.</summary>
    Direct,

    /// <summary>Through a relay.</summary>
    Relay,
}
