using CsCheck;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Tests.Stun;
using NetDiscovery.Relay.Protocol.Tests.Vectors;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Protocol.Tests;

/// <summary>No bytes make a reader throw, read outside, or give two answers.</summary>
public class HostileBytesTests
{
    public static TheoryData<string> Messages => [.. Vector.Names, "every attribute"];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_truncation_is_told(string name)
    {
        byte[] bytes = Load(name);
        for (int size = 0; size < bytes.Length; size++)
        {
            Run(bytes.AsSpan(0, size));
            Assert.Equal(StunReadStatus.Incomplete, StunMessage.TryRead(bytes.AsSpan(0, size), out _));
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_single_byte_change_is_survived(string name)
    {
        byte[] bytes = Load(name);
        for (int at = 0; at < bytes.Length; at++)
        {
            byte original = bytes[at];
            for (int value = 0; value < 256; value++)
            {
                bytes[at] = (byte)value;
                Run(bytes);
            }

            bytes[at] = original;
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_single_bit_change_breaks_integrity_or_fingerprint(string name)
    {
        byte[] bytes = Load(name);
        byte[] key = KeyOf(name);
        bool fingerprint = StunMessage.TryRead(bytes, out StunMessage original) == StunReadStatus.Ok && original.HasFingerprint;
        Assert.True(Holds(bytes, key, fingerprint));
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Holds(bytes, key, fingerprint), $"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        static bool Holds(byte[] bytes, byte[] key, bool fingerprint) =>
            StunMessage.TryRead(bytes, out StunMessage message) == StunReadStatus.Ok
            && (message.HasMessageIntegrity || message.HasMessageIntegritySha256)
            && (!message.HasMessageIntegrity || message.CheckMessageIntegrity(key))
            && (!message.HasMessageIntegritySha256 || message.CheckMessageIntegritySha256(key))
            && message.CheckFingerprint() == fingerprint;
    }

    [Fact]
    public void Random_bytes_are_survived() =>
        Gen.Byte.Array[0, 200].Sample(bytes => Run(bytes), iter: 20_000);

    [Fact]
    public void Random_attributes_are_survived() =>
        Gen.Select(Gen.Enum<AttributeType>(), Gen.Byte.Array[0, 60]).List[0, 8].Sample(attributes =>
        {
            byte[] bytes = StunMessageTests.Build((ref StunWriter _) => { });
            foreach ((AttributeType type, byte[] value) in attributes) bytes = StunMessageTests.Append(bytes, type, value);
            Run(bytes);
        }, iter: 20_000);

    /// <summary>Reads the bytes between two different surroundings: the answer must be the same.</summary>
    private static void Run(ReadOnlySpan<byte> bytes)
    {
        Span<byte> zeros = new byte[bytes.Length + 128];
        Span<byte> ones = new byte[bytes.Length + 128];
        ones.Fill(0xFF);
        bytes.CopyTo(zeros[64..]);
        bytes.CopyTo(ones[64..]);
        Assert.Equal(EveryReader.Run(zeros.Slice(64, bytes.Length)), EveryReader.Run(ones.Slice(64, bytes.Length)));
    }

    private static byte[] Load(string name) => name == "every attribute" ? EveryAttribute.Message() : Vector.Load(name);

    private static byte[] KeyOf(string name)
    {
        var key = new byte[name.EndsWith("sha256", StringComparison.Ordinal) ? 32 : 16];
        if (key.Length == 32) LongTermKey.DeriveSha256("マトリックス"u8, "example.org"u8, "TheMatrIX"u8, key);
        else LongTermKey.DeriveMd5("マトリックス"u8, "example.org"u8, "TheMatrIX"u8, key);
        return name == "every attribute" ? EveryAttribute.Key.ToArray() : name.Contains("long-term") || key.Length == 32 ? key : "VOkJxbRl1RmTxUk/WvJxBt"u8.ToArray();
    }
}
