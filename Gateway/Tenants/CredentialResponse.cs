using System.Text.Json.Serialization;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>A static TURN credential.</summary>
/// <param name="Id"><c>TK</c> and 32 hexadecimal digits.</param>
/// <param name="Username">TURN username, as the device sends it: the tenant's id, a colon, the name.</param>
/// <param name="Label">The tenant's own tag, or null.</param>
/// <param name="CreatedAt">When it was made.</param>
public record CredentialResponse(string Id, string Username, string? Label, DateTimeOffset CreatedAt)
{
    /// <summary>What the API shows of <paramref name="credential"/>.</summary>
    public static CredentialResponse From(StaticCredential credential) =>
        new(credential.Id.ToString(), credential.Username, credential.Label.Length > 0 ? credential.Label : null, credential.CreatedAt);
}

/// <summary>A static credential just made, with the password that is shown only here.</summary>
/// <param name="Credential">TURN password.</param>
public sealed record CreatedCredentialResponse(string Id, string Username, string? Label, DateTimeOffset CreatedAt, [property: JsonPropertyOrder(1)] string Credential)
    : CredentialResponse(Id, Username, Label, CreatedAt);

/// <summary>The shared secret for REST-form credentials, shown only here.</summary>
/// <param name="Version">Grows with each rotation.</param>
/// <param name="Secret">Key of the HMAC, as text.</param>
/// <param name="UsernameForm">What usernames look like.</param>
public sealed record SharedSecretResponse(long Version, string Secret, string UsernameForm);
