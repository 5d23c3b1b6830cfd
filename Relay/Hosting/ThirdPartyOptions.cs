using System.Diagnostics.CodeAnalysis;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Relay.Hosting;

/// <summary>Third-party authorization (RFC 7635): section <c>Relay:ThirdParty</c>. On when <see cref="ServerName"/> is set.</summary>
public sealed class ThirdPartyOptions
{
    /// <summary>
    /// Name of this STUN server as its authorization server knows it, 1 to 255 ASCII characters: told in THIRD-PARTY-AUTHORIZATION, and the
    /// additional authenticated data of every token, so that a token for one server is worth nothing at another. None by default: tokens are refused.
    /// </summary>
    public string? ServerName { get; set; }

    /// <summary>
    /// Keys shared with authorization servers, 1 to 64. To rotate one, add the new key under an id of its own, let the authorization server
    /// use it, and take the old one out when its last token has expired.
    /// </summary>
    public ThirdPartyKeyOptions[] Keys { get; set; } = [];
}

/// <summary>A key shared with an authorization server.</summary>
public sealed class ThirdPartyKeyOptions
{
    /// <summary>The key id (kid): what clients send as USERNAME, 1 to 64 ASCII characters. Usage has it as label, and revoking that label revokes the key's tokens.</summary>
    public string Id { get; set; } = "";

    /// <summary>The key in base64: 16 bytes for A128GCM, 32 for A256GCM. Secret.</summary>
    public string Key { get; set; } = "";

    /// <summary><c>A256GCM</c> (default) or <c>A128GCM</c>.</summary>
    public string Algorithm { get; set; } = "A256GCM";

    /// <summary>The tenant that pays for whatever is done with this key's tokens: <c>AC…</c>.</summary>
    public string Tenant { get; set; } = "";

    /// <summary>Not used before; no limit by default.</summary>
    public DateTimeOffset? NotBefore { get; set; }

    /// <summary>Not used after; no limit by default.</summary>
    public DateTimeOffset? NotAfter { get; set; }

    /// <summary>Reads <see cref="Key"/> and <see cref="Tenant"/>.</summary>
    internal bool TryRead([NotNullWhen(true)] out byte[]? key, out TenantId tenant)
    {
        var bytes = new byte[32];
        key = Convert.TryFromBase64String(Key, bytes, out var length) && length == (Algorithm == "A128GCM" ? 16 : 32) ? bytes[..length] : null;
        return IPrefixedId<TenantId>.TryParse(Tenant, out tenant) && key is not null;
    }
}
