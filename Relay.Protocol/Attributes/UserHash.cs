using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Attributes;

/// <summary>USERHASH (RFC 8489 §14.4): SHA-256 of username and realm in place of USERNAME. Wire size: 32 bytes.</summary>
public readonly ref struct UserHash : IStunAttribute<UserHash>
{
    /// <summary>Value size in bytes.</summary>
    public const int Size = LongTermKey.Sha256Size;

    /// <param name="hash">32 bytes of <see cref="LongTermKey.DeriveUserHash"/>.</param>
    public UserHash(ReadOnlySpan<byte> hash) => Hash = hash[..Size];

    /// <inheritdoc/>
    public static AttributeType Type => AttributeType.UserHash;

    /// <summary>The 32 bytes.</summary>
    public ReadOnlySpan<byte> Hash { get; }

    /// <inheritdoc/>
    public int ValueSize => Size;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> value, out UserHash attribute)
    {
        attribute = default;
        if (value.Length != Size) return false;
        attribute = new UserHash(value);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped Span<byte> value) => Hash.CopyTo(value);
}
