using System.Security.Cryptography;

namespace NetDiscovery.Relay.Listeners.Dtls;

/// <summary>
/// The stateless cookie exchange (RFC 6347 §4.2.1): a client must repeat a value sent to its address before the relay keeps
/// anything of it. The cookie is a MAC over the client's transport address and its ClientHello's parameters. Not thread-safe; allocates nothing for each datagram.
/// </summary>
internal sealed class CookieExchange
{
    /// <summary>Bytes of a cookie.</summary>
    public const int CookieSize = 16;

    /// <summary>Bytes of a HelloVerifyRequest: fewer than of any ClientHello, so that nothing is amplified.</summary>
    public const int VerifyRequestSize = ClientHello.RecordHeaderSize + ClientHello.HandshakeHeaderSize + 2 + 1 + CookieSize;

    private const int MaxParametersSize = 2 + 32 + 1 + 32;
    private byte[] current = RandomNumberGenerator.GetBytes(32);
    private byte[] previous = RandomNumberGenerator.GetBytes(32);

    /// <summary>Takes a new secret; cookies made with the one before are good until the next time. Call about once a minute.</summary>
    public void Rotate()
    {
        (previous, current) = (current, previous);
        RandomNumberGenerator.Fill(current);
    }

    /// <returns>True when the ClientHello carries the cookie that was sent to <paramref name="client"/> for it.</returns>
    public bool Proves(in TransportAddress client, ClientHello hello)
    {
        if (hello.Cookie.Length != CookieSize)
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[CookieSize];
        Compute(current, client, hello, expected);
        if (CryptographicOperations.FixedTimeEquals(expected, hello.Cookie))
        {
            return true;
        }

        Compute(previous, client, hello, expected);
        return CryptographicOperations.FixedTimeEquals(expected, hello.Cookie);
    }

    /// <summary>Writes the HelloVerifyRequest that answers <paramref name="hello"/>.</summary>
    /// <returns><see cref="VerifyRequestSize"/>.</returns>
    public int WriteVerifyRequest(in TransportAddress client, ClientHello hello, Span<byte> datagram)
    {
        const int bodySize = 2 + 1 + CookieSize;
        ReadOnlySpan<byte> record = [22, 254, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, ClientHello.HandshakeHeaderSize + bodySize];
        ReadOnlySpan<byte> handshake = [3, 0, 0, bodySize, 0, 0, 0, 0, 0, 0, 0, bodySize, 254, 255, CookieSize];
        record.CopyTo(datagram);
        hello.RecordSequence.CopyTo(datagram[5..]);
        handshake.CopyTo(datagram[record.Length..]);
        Compute(current, client, hello, datagram.Slice(record.Length + handshake.Length, CookieSize));
        return VerifyRequestSize;
    }

    private static void Compute(byte[] secret, in TransportAddress client, ClientHello hello, Span<byte> cookie)
    {
        Span<byte> input = stackalloc byte[TransportAddress.MaxSockaddrSize + MaxParametersSize];
        var size = client.WriteSockaddr(input);
        hello.Parameters.CopyTo(input[size..]);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, input[..(size + hello.Parameters.Length)], mac);
        mac[..CookieSize].CopyTo(cookie);
    }
}
