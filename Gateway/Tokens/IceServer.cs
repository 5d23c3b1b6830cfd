using System.Text.Json.Serialization;

namespace NetDiscovery.Gateway.Tokens;

/// <summary>One entry of <c>RTCConfiguration.iceServers</c> (W3C WebRTC §4.2.4), ready to hand to a browser.</summary>
/// <param name="Urls">STUN or TURN URIs (RFC 7064, RFC 7065).</param>
/// <param name="Username">TURN username; absent for STUN.</param>
/// <param name="Credential">TURN password; absent for STUN.</param>
public sealed record IceServer(
    string[] Urls,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Username = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Credential = null);
