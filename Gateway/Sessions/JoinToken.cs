using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Sessions;

/// <summary>The secret an endpoint joins its session with: <c>jt_</c>, the session's id, a dot, 43 characters of base64url.</summary>
public static class JoinToken
{
    /// <summary>Makes the token of an endpoint.</summary>
    public static Secret Make(SessionId session, Secret secret) => new($"jt_{session}.{secret.Text}");
}

/// <summary>The token that the ICE servers of an endpoint carry. Its id follows from session and endpoint, so that ending the session can revoke it.</summary>
public static class EndpointToken
{
    /// <returns>The id; no secret.</returns>
    public static Grains.Interfaces.TokenId Id(SessionId session, string endpoint) =>
        new(new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{session}\n{endpoint}")).AsSpan(0, 16), bigEndian: true));
}
