using System.Security.Cryptography;
using System.Text;

namespace NetDiscovery.Gateway.Signaling;

/// <summary>Where a join token is in the request that opens a signaling connection.</summary>
public static class JoinTokenHeader
{
    /// <summary>The WebSocket subprotocol (RFC 6455 §1.9) that is spoken.</summary>
    public const string Protocol = "netdiscovery.v1";

    private const string TokenProtocol = "token.";
    private const string Bearer = "Bearer ";
    private const int MaxLength = 256;

    /// <summary>Reads the token: the subprotocol <c>token.…</c>, which browsers can send, or a bearer.</summary>
    /// <returns>SHA-256 of its UTF-8 text, or null when there is none.</returns>
    public static byte[]? ReadHash(HttpRequest request)
    {
        var offered = request.HttpContext.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(static name => name.StartsWith(TokenProtocol, StringComparison.Ordinal));
        var token = offered?[TokenProtocol.Length..]
            ?? (request.Headers.Authorization.ToString() is var header && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : null);
        return token is { Length: > 0 and <= MaxLength } ? SHA256.HashData(Encoding.UTF8.GetBytes(token)) : null;
    }
}
