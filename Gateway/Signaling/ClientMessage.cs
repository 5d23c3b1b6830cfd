using System.Text.Json;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Signaling;

/// <summary>One message of an endpoint on its signaling connection (docs/reference/signaling.md). What a type does not need stays null.</summary>
public sealed record ClientMessage
{
    /// <summary><c>description</c>, <c>candidate</c>, <c>nat</c>, <c>connectivity</c>, <c>bye</c>; without a number: <c>ping</c>, <c>ack</c>, <c>relays</c>.</summary>
    public string? Type { get; init; }

    /// <summary>1 for the endpoint's first numbered message, one more for each next; in <c>ack</c> the last number received.</summary>
    public long? Seq { get; init; }

    /// <summary>The endpoint it is for; left out for all others.</summary>
    public string? To { get; init; }

    /// <summary>An <c>RTCSessionDescription</c>.</summary>
    public DescriptionBody? Description { get; init; }

    /// <summary>An <c>RTCIceCandidate</c>.</summary>
    public CandidateBody? Candidate { get; init; }

    /// <summary>How the endpoint's NAT behaves.</summary>
    public EndpointNat? Nat { get; init; }

    /// <summary>How the connection to the others is.</summary>
    public Connectivity? State { get; init; }

    /// <summary>What carries the media.</summary>
    public SessionPath? Path { get; init; }

    /// <summary>Measured on the path.</summary>
    public int? RoundTripMilliseconds { get; init; }

    /// <summary>Why, in words.</summary>
    public string? Reason { get; init; }

    /// <summary>Comes back in the <c>pong</c>.</summary>
    public long? Id { get; init; }

    /// <summary>Reads a message.</summary>
    /// <param name="json">UTF-8 text.</param>
    /// <param name="options">The API's JSON rules.</param>
    /// <param name="message">The message.</param>
    /// <param name="problem">What is wrong with it, for its sender.</param>
    public static bool TryRead(ReadOnlySpan<byte> json, JsonSerializerOptions options, out ClientMessage message, out string problem)
    {
        try
        {
            message = JsonSerializer.Deserialize<ClientMessage>(json, options) ?? new ClientMessage();
            problem = message.Type is null ? "'type' is missing" : "";
        }
        catch (JsonException exception)
        {
            message = new ClientMessage();
            problem = exception.Path is { Length: > 0 } path ? $"'{path}' is not what it should be, or not known" : "not one JSON object";
        }

        return problem.Length == 0;
    }

    /// <summary>The signal a numbered message is.</summary>
    /// <returns>Null when it is none, with the reason in <paramref name="problem"/>.</returns>
    public Signal? ToSignal(out string problem)
    {
        problem = "";
        switch (Type)
        {
            case "description" when Description is { Type: "offer" or "answer" or "pranswer" or "rollback", Sdp: { } sdp } body && sdp.Length <= SignalingLimits.MaxDescription:
                return new DescriptionSignal(body.Type, sdp);
            case "candidate" when Candidate is { Candidate: { } text } body && text.Length <= SignalingLimits.MaxCandidate && Fits(body.SdpMid) && Fits(body.UsernameFragment):
                return new CandidateSignal(text, body.SdpMid, body.SdpMLineIndex, body.UsernameFragment);
            case "nat" when Nat is { } nat:
                return new NatSignal(nat);
            case "connectivity" when State is { } state && RoundTripMilliseconds is null or >= 0:
                return new ConnectivitySignal(state, Path, RoundTripMilliseconds);
            case "bye" when Fits(Reason):
                return new ByeSignal(Reason ?? "");
            default:
                problem = Type switch
                {
                    "description" => $"'description' must hold 'type' (offer, answer, pranswer or rollback) and 'sdp' of at most {SignalingLimits.MaxDescription} characters",
                    "candidate" => $"'candidate' must hold 'candidate' of at most {SignalingLimits.MaxCandidate} characters, as RTCIceCandidate.toJSON() makes it",
                    "nat" => "'nat' must hold what is known of mapping, filtering and udpBlocked",
                    "connectivity" => "'state' must be new, checking, connected, disconnected or failed, 'roundTripMilliseconds' not negative",
                    "bye" => "'reason' is too long",
                    _ => $"there is no message '{Type}'",
                };
                return null;
        }
    }

    private static bool Fits(string? text) => text is null || text.Length <= 256;
}

/// <summary>A session description as browsers write it.</summary>
public sealed record DescriptionBody(string? Type, string? Sdp);

/// <summary>An ICE candidate as browsers write it.</summary>
public sealed record CandidateBody(string? Candidate, string? SdpMid = null, int? SdpMLineIndex = null, string? UsernameFragment = null);
