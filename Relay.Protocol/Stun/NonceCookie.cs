using System.Buffers;
using System.Buffers.Text;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>
/// The nonce cookie (RFC 8489 §9.2): a nonce that starts with <c>obMatJos2</c> and four base64 characters says which
/// security features the server has, so that nobody in between can take them away unnoticed.
/// </summary>
public static class NonceCookie
{
    /// <summary>Bytes of cookie and feature bits: 9 + 4.</summary>
    public const int Size = 13;

    private static ReadOnlySpan<byte> Prefix => "obMatJos2"u8;

    /// <summary>Writes the 13 bytes.</summary>
    public static void Write(Span<byte> nonce, SecurityFeatures features)
    {
        Prefix.CopyTo(nonce);
        ReadOnlySpan<byte> bits = [(byte)((int)features >> 16), (byte)((int)features >> 8), (byte)features];
        Base64.EncodeToUtf8(bits, nonce[Prefix.Length..Size], out _, out _);
    }

    /// <returns>False when the nonce has no cookie, or one that is not base64: then the server has none of the features.</returns>
    public static bool TryRead(ReadOnlySpan<byte> nonce, out SecurityFeatures features)
    {
        features = SecurityFeatures.None;
        if (nonce.Length < Size || !nonce.StartsWith(Prefix)) return false;
        Span<byte> bits = stackalloc byte[3];
        if (Base64.DecodeFromUtf8(nonce[Prefix.Length..Size], bits, out _, out int written) != OperationStatus.Done || written != 3) return false;
        features = (SecurityFeatures)((bits[0] << 16) | (bits[1] << 8) | bits[2]);
        return true;
    }
}
