using System.Text.Json.Serialization;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>An API key.</summary>
/// <param name="Id"><c>SK</c> and 32 hexadecimal digits.</param>
/// <param name="Name">A name for people.</param>
/// <param name="CreatedAt">When it was made.</param>
public record KeyResponse(string Id, string Name, DateTimeOffset CreatedAt)
{
    /// <summary>What the API shows of <paramref name="key"/>.</summary>
    public static KeyResponse From(ApiKey key) => new(key.Id.ToString(), key.Name, key.CreatedAt);
}

/// <summary>An API key just made, with the secret that is shown only here.</summary>
/// <param name="Secret">Password of HTTP Basic authentication with the key's id as the user, or the part after the dot of a bearer.</param>
public sealed record CreatedKeyResponse(string Id, string Name, DateTimeOffset CreatedAt, [property: JsonPropertyOrder(1)] string Secret) : KeyResponse(Id, Name, CreatedAt);

/// <summary>The signing key in use.</summary>
/// <param name="KeyVersion">Its version; tokens minted from now on name it.</param>
public sealed record SigningKeyResponse(long KeyVersion);

/// <summary>A secret that signs callbacks, shown only here.</summary>
/// <param name="Version">Grows with each rotation.</param>
/// <param name="Secret"><c>whsec_</c> and Base64.</param>
public sealed record CallbackSecretResponse(long Version, string Secret)
{
    /// <summary>Names the version only: the secret must not reach a log by way of string formatting.</summary>
    public override string ToString() => $"CallbackSecretResponse {{ Version = {Version} }}";
}
