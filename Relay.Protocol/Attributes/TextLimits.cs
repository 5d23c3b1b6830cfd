using System.Text.Unicode;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>The attributes that are plain UTF-8 text, and how long each may be.</summary>
public static class TextLimits
{
    /// <summary>Longest USERNAME: fewer than 509 bytes (RFC 8489 §14.3).</summary>
    public const int MaxUsernameSize = 508;

    /// <summary>Longest REALM, NONCE and SOFTWARE: fewer than 128 characters, that is at most 763 bytes (RFC 8489 §14.9, §14.10, §14.14).</summary>
    public const int MaxTextSize = 763;

    /// <summary>Longest ALTERNATE-DOMAIN and THIRD-PARTY-AUTHORIZATION: a DNS name (RFC 8489 §14.16, RFC 7635 §6.1).</summary>
    public const int MaxNameSize = 255;

    /// <returns>The most bytes the value may have; 0 for attributes that are not text.</returns>
    public static int MaxSize(AttributeType type) => type switch
    {
        AttributeType.Username => MaxUsernameSize,
        AttributeType.Realm or AttributeType.Nonce or AttributeType.Software => MaxTextSize,
        AttributeType.AlternateDomain or AttributeType.ThirdPartyAuthorization => MaxNameSize,
        _ => 0,
    };

    /// <returns>True for 1 to <see cref="MaxSize"/> bytes of valid UTF-8.</returns>
    public static bool Accepts(AttributeType type, ReadOnlySpan<byte> value) =>
        !value.IsEmpty && value.Length <= MaxSize(type) && Utf8.IsValid(value);
}
