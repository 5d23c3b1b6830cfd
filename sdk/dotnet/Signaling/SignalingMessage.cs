using NetDiscovery.Client.Models;

namespace NetDiscovery.Client.Signaling;

/// <summary>A message of the platform to an endpoint (docs/reference/signaling.md). What its type does not have is null.</summary>
public sealed record SignalingMessage
{
    /// <summary><c>hello</c>, <c>description</c>, <c>candidate</c>, <c>presence</c>, <c>decision</c>, <c>migrate</c>, <c>state</c>, <c>relays</c>, <c>error</c> or <c>bye</c>.</summary>
    public string Type { get; init; } = "";

    /// <summary>Number of a message that is kept until it was taken.</summary>
    public long? Seq { get; init; }

    /// <summary>The endpoint it comes from.</summary>
    public string? From { get; init; }

    /// <summary>The endpoint it is about; in <c>hello</c> this one.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Who takes part, and who is there.</summary>
    public IReadOnlyList<Presence>? Endpoints { get; init; }

    /// <summary>A session description.</summary>
    public Description? Description { get; init; }

    /// <summary>An ICE candidate.</summary>
    public Candidate? Candidate { get; init; }

    /// <summary>Whether the endpoint is there.</summary>
    public bool? Present { get; init; }

    /// <summary>Whether it goes on where it was.</summary>
    public bool? Resumed { get; init; }

    /// <summary><c>stun</c>, <c>turn</c> or <c>undecided</c>.</summary>
    public string? Mode { get; init; }

    /// <summary>Why, in words.</summary>
    public string? Reason { get; init; }

    /// <summary>In <c>migrate</c>: true = the peer connection is to be given up for another.</summary>
    public bool? Anew { get; init; }

    /// <summary>Where the session is in its life.</summary>
    public string? State { get; init; }

    /// <summary><c>direct</c> or <c>relay</c>.</summary>
    public string? Path { get; init; }

    /// <summary>For <c>RTCConfiguration</c>, fresh.</summary>
    public IReadOnlyList<IceServer>? IceServers { get; init; }

    /// <summary>Stable code of an error.</summary>
    public string? Code { get; init; }

    /// <summary>What is wrong and what to do.</summary>
    public string? Detail { get; init; }

    /// <summary>In <c>hello</c> and <c>sequence_gap</c>: the last number received from this endpoint.</summary>
    public long? Received { get; init; }

    /// <summary>How often a sign of life is due.</summary>
    public int? HeartbeatSeconds { get; init; }
}

/// <summary>An endpoint and whether it is at its signaling connection.</summary>
public sealed record Presence(string Name, bool Present);

/// <summary>A session description: <c>offer</c>, <c>answer</c>, <c>pranswer</c> or <c>rollback</c>.</summary>
public sealed record Description(string Type, string Sdp);

/// <summary>An ICE candidate, as <c>RTCIceCandidate.toJSON()</c> makes it.</summary>
public sealed record Candidate([property: System.Text.Json.Serialization.JsonPropertyName("candidate")] string Text, string? SdpMid = null, int? SdpMLineIndex = null, string? UsernameFragment = null);
