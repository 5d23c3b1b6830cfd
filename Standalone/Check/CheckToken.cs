using System.Net;
using System.Text.Json;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Standalone.Check;

/// <summary>What <c>POST /v1/tokens</c> gave.</summary>
/// <param name="Id">The token.</param>
/// <param name="Username">TURN username.</param>
/// <param name="Credential">TURN password.</param>
/// <param name="Relay">Where to allocate over UDP.</param>
public sealed record CheckToken(string Id, string Username, string Credential, IPEndPoint Relay)
{
    private const string Scheme = "turn:", Suffix = "?transport=udp";

    /// <summary>Reads the answer and resolves the first <c>turn:…?transport=udp</c> URI.</summary>
    public static CheckToken Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var uri = root.GetProperty("iceServers").EnumerateArray()
            .SelectMany(server => server.GetProperty("urls").EnumerateArray()).Select(url => url.GetString()!)
            .FirstOrDefault(url => url.StartsWith(Scheme, StringComparison.Ordinal) && url.EndsWith(Suffix, StringComparison.Ordinal))
            ?? throw new StartupException("The token names no TURN server over UDP: the tenant's configuration excludes it.");
        return new CheckToken(
            root.GetProperty("id").GetString()!, root.GetProperty("username").GetString()!, root.GetProperty("credential").GetString()!,
            Resolve(uri[Scheme.Length..^Suffix.Length]));
    }

    /// <summary>Names the token only: the password must not reach a log.</summary>
    public override string ToString() => $"CheckToken {{ Id = {Id} }}";

    private static IPEndPoint Resolve(string hostAndPort)
    {
        if (IPEndPoint.TryParse(hostAndPort, out var endPoint))
        {
            return endPoint;
        }

        var colon = hostAndPort.LastIndexOf(':');
        return new IPEndPoint(Dns.GetHostAddresses(hostAndPort[..colon])[0], int.Parse(hostAndPort[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }
}
