using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Authentication;

/// <summary>
/// Nonces that need no memory: nonce cookie, time of issue, and an HMAC of time and client address. A client that answers with one has
/// shown that it receives at its address. The key outlives restarts, so clients do not meet 438 after one.
/// </summary>
/// <param name="key">32 secret bytes.</param>
internal sealed class NonceIssuer(byte[] key)
{
    /// <summary>Bytes of a nonce, all ASCII.</summary>
    public const int Size = NonceCookie.Size + 22;

    /// <summary>How long a nonce is good (RFC 8656 §5).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private const int MacSize = 12;
    private const int BinarySize = 4 + MacSize;
    private const long MaxClockStepSeconds = 30;

    /// <summary>Makes a nonce for a client.</summary>
    /// <param name="client">IPv4 address, or IPv6 /64; the port does not matter.</param>
    /// <param name="now">The present.</param>
    /// <param name="features">What the client may rely on; signed, so that nobody in between can change it.</param>
    /// <param name="nonce">Takes <see cref="Size"/> bytes.</param>
    public void Write(in TransportAddress client, DateTimeOffset now, SecurityFeatures features, Span<byte> nonce)
    {
        NonceCookie.Write(nonce, features);
        Span<byte> binary = stackalloc byte[BinarySize];
        BinaryPrimitives.WriteUInt32BigEndian(binary, (uint)now.ToUnixTimeSeconds());
        Sign(binary[..4], client, features, binary[4..]);
        Base64Url.EncodeToUtf8(binary, nonce[NonceCookie.Size..], out _, out _);
    }

    /// <returns>True when this relay made the nonce for that client address within <see cref="Lifetime"/>. Anything else gets 438.</returns>
    public bool IsFresh(ReadOnlySpan<byte> nonce, in TransportAddress client, DateTimeOffset now, out SecurityFeatures features)
    {
        features = SecurityFeatures.None;
        Span<byte> binary = stackalloc byte[BinarySize];
        if (nonce.Length != Size || !NonceCookie.TryRead(nonce, out features) || (features & ~SecurityFeatures.UserAnonymity) != SecurityFeatures.PasswordAlgorithms
            || Base64Url.DecodeFromUtf8(nonce[NonceCookie.Size..], binary, out _, out var written) != OperationStatus.Done || written != BinarySize)
        {
            return false;
        }

        Span<byte> mac = stackalloc byte[MacSize];
        Sign(binary[..4], client, features, mac);
        var age = now.ToUnixTimeSeconds() - BinaryPrimitives.ReadUInt32BigEndian(binary);
        return CryptographicOperations.FixedTimeEquals(mac, binary[4..]) && age >= -MaxClockStepSeconds && age <= Lifetime.TotalSeconds;
    }

    private void Sign(ReadOnlySpan<byte> time, in TransportAddress client, SecurityFeatures features, Span<byte> mac)
    {
        Span<byte> input = stackalloc byte[4 + 1 + 16];
        time.CopyTo(input);

        // Family and features in one byte: the family takes two bits, the registry has two features, and all others must be absent.
        input[4] = (byte)((int)client.Family | ((int)(features ^ SecurityFeatures.PasswordAlgorithms) << 2));
        var addressSize = client.WriteAddress(input[5..]);

        // Privacy extensions change the lower half of an IPv6 address at will.
        var size = 5 + Math.Min(addressSize, 8);
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, input[..size], full);
        full[..MacSize].CopyTo(mac);
    }
}
