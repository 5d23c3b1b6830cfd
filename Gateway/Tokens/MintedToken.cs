using System.Text;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tokens;

/// <summary>A username and password that a relay can check with the tenant's snapshot alone.</summary>
/// <param name="Claims">What the username says.</param>
/// <param name="Username">TURN username.</param>
/// <param name="Password">TURN password.</param>
public sealed record MintedToken(CredentialClaims Claims, string Username, string Password)
{
    /// <summary>Signs <paramref name="claims"/> with the tenant's newest key.</summary>
    /// <returns>Null when the claims do not fit into a username.</returns>
    public static MintedToken? TryMint(TenantSnapshot snapshot, CredentialClaims claims)
    {
        var key = snapshot.SigningKeys[0];
        claims = claims with { Tenant = snapshot.Id, KeyVersion = key.Version };
        try
        {
            var username = TurnCredential.Encode(claims);
            return new MintedToken(claims, username, TurnCredential.DerivePassword(key, Encoding.ASCII.GetBytes(username)));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Names the token only: the password must not reach a log by way of string formatting.</summary>
    public override string ToString() => $"MintedToken {{ Token = {Claims.Token} }}";
}
