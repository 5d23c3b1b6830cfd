using System.Text.Json.Serialization;
using NetDiscovery.Gateway.Tokens;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Signaling;

/// <summary>One message to an endpoint (docs/reference/signaling.md). What a type does not need is left out.</summary>
public sealed record ServerMessage(string Type)
{
    /// <summary>Grows from numbered message to numbered message; in <c>ack</c> the last number received from the endpoint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Seq { get; init; }

    /// <summary>The endpoint it comes from.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    /// <summary>The session.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Session { get; init; }

    /// <summary>The endpoint it is about.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Endpoint { get; init; }

    /// <summary>Who takes part, and who is there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PresenceBody>? Endpoints { get; init; }

    /// <summary>Last number received from the endpoint before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Received { get; init; }

    /// <summary>How often a sign of life is expected.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? HeartbeatSeconds { get; init; }

    /// <summary>Silence after which an endpoint counts as absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? LostAfterSeconds { get; init; }

    /// <summary>An <c>RTCSessionDescription</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DescriptionBody? Description { get; init; }

    /// <summary>An <c>RTCIceCandidate</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CandidateBody? Candidate { get; init; }

    /// <summary>Whether the endpoint is there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Present { get; init; }

    /// <summary>Whether it goes on where it was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Resumed { get; init; }

    /// <summary>STUN or TURN.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DecisionMode? Mode { get; init; }

    /// <summary>Why, in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>Whether the peer connection is to be given up for another.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Anew { get; init; }

    /// <summary>Where the session is in its life.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SessionState? State { get; init; }

    /// <summary>What carries its media.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SessionPath? Path { get; init; }

    /// <summary>For <c>RTCConfiguration</c>, fresh.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<IceServer>? IceServers { get; init; }

    /// <summary>Stable code of an error.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    /// <summary>What is wrong and what to do.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }

    /// <summary>From the <c>ping</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Id { get; init; }

    /// <summary>The message for a signal. ICE servers are the caller's to add.</summary>
    public static ServerMessage For(DeliveredSignal delivered) => Of(delivered.Signal) with { Seq = delivered.Sequence, From = delivered.From };

    /// <summary>An error that leaves the connection open.</summary>
    public static ServerMessage Error(string code, string detail, long? seq = null, long? received = null) =>
        new("error") { Code = code, Detail = detail, Seq = seq, Received = received };

    private static ServerMessage Of(Signal signal) => signal switch
    {
        DescriptionSignal description => new("description") { Description = new DescriptionBody(description.Type, description.Sdp) },
        CandidateSignal candidate => new("candidate")
        {
            Candidate = new CandidateBody(candidate.Candidate, candidate.SdpMid, candidate.SdpMLineIndex, candidate.UsernameFragment),
        },
        PresenceSignal presence => new("presence") { Endpoint = presence.Endpoint, Present = presence.Present, Resumed = presence.Resumed },
        DecisionSignal decision => new("decision") { Mode = decision.Mode, Reason = decision.Reason },
        MigrateSignal migrate => new("migrate") { Mode = migrate.Mode, Reason = migrate.Reason, Anew = migrate.Anew ? true : null },
        StateSignal state => new("state") { State = state.State, Path = state.Path },
        ByeSignal bye => new("bye") { Reason = bye.Reason },
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal.GetType().Name, "Endpoints are not told this."),
    };
}

/// <summary>An endpoint and whether it is at its signaling connection.</summary>
public sealed record PresenceBody(string Name, bool Present);
