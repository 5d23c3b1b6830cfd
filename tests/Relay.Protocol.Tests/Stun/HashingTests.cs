using System.Security.Cryptography;
using CsCheck;
using NetDiscovery.Relay.Protocol.Stun.Hashing;

namespace NetDiscovery.Relay.Protocol.Tests.Stun;

/// <summary>The hashes of the packet path, against the framework's.</summary>
public class HashingTests
{
    private static readonly Gen<(byte[] Key, byte[] Data, int Split)> Cases = Gen.Select(Gen.Byte.Array[0, 150], Gen.Byte.Array[0, 400], Gen.Int[0, 400]);

    [Fact]
    public void Hmac_sha1_equals_the_frameworks_however_the_data_is_split() =>
        Cases.Sample(c => Hmac<Sha1State>(c).SequenceEqual(HMACSHA1.HashData(c.Key, c.Data)));

    [Fact]
    public void Hmac_sha256_equals_the_frameworks_however_the_data_is_split() =>
        Cases.Sample(c => Hmac<Sha256State>(c).SequenceEqual(HMACSHA256.HashData(c.Key, c.Data)));

    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void Crc32_gives_the_known_values(string text, uint expected) => Assert.Equal(expected, Crc32.Append(0, System.Text.Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Crc32_in_pieces_equals_crc32_in_one() =>
        Cases.Sample(c =>
        {
            int split = Math.Min(c.Split, c.Data.Length);
            return Crc32.Append(Crc32.Append(0, c.Data.AsSpan(0, split)), c.Data.AsSpan(split)) == Crc32.Append(0, c.Data);
        });

    private static byte[] Hmac<TState>((byte[] Key, byte[] Data, int Split) c)
        where TState : struct, IBlockState<TState>
    {
        var hmac = new Hmac<TState>(c.Key);
        BlockHash<TState> hash = hmac.Begin();
        int split = Math.Min(c.Split, c.Data.Length);
        hash.Append(c.Data.AsSpan(0, split));
        hash.Append(c.Data.AsSpan(split));
        var digest = new byte[TState.DigestSize];
        hmac.Finish(ref hash, digest);
        return digest;
    }
}
