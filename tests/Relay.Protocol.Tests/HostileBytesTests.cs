using CsCheck;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Tests.Stun;
using NetDiscovery.Relay.Protocol.Tests.Vectors;

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

    private static byte[] Load(string name) => name == "every attribute" ? EveryAttribute() : Vector.Load(name);

    private static byte[] KeyOf(string name)
    {
        var key = new byte[name.EndsWith("sha256", StringComparison.Ordinal) ? 32 : 16];
        if (key.Length == 32) LongTermKey.DeriveSha256("マトリックス"u8, "example.org"u8, "TheMatrIX"u8, key);
        else LongTermKey.DeriveMd5("マトリックス"u8, "example.org"u8, "TheMatrIX"u8, key);
        return name == "every attribute" ? "a key"u8.ToArray() : name.Contains("long-term") || key.Length == 32 ? key : "VOkJxbRl1RmTxUk/WvJxBt"u8.ToArray();
    }

    private static byte[] EveryAttribute() => StunMessageTests.Build((ref StunWriter writer) =>
    {
        TransportAddress v4 = TransportAddress.Parse("192.0.2.1:4000"), v6 = TransportAddress.Parse("[2001:db8::1]:4000");
        writer.AddText(AttributeType.Username, "user");
        writer.AddText(AttributeType.Nonce, "obMatJos2AAADnonce");
        writer.AddPlainAddress(AttributeType.MappedAddress, v4);
        writer.AddPlainAddress(AttributeType.OtherAddress, v6);
        writer.AddXorAddress(AttributeType.XorMappedAddress, v4);
        writer.AddXorAddress(AttributeType.XorPeerAddress, v6);
        writer.Add(new ErrorCode(438, "Stale"u8));
        writer.Add(new UnknownAttributes([AttributeType.Priority]));
        writer.Add(new PasswordAlgorithm(PasswordAlgorithmId.Md5));
        writer.Add(PasswordAlgorithms.Sha256ThenMd5);
        writer.Add(new ChannelNumber(0x4001));
        writer.Add(new Lifetime(600));
        writer.Add(new EvenPort(true));
        writer.Add(new RequestedTransport(RequestedTransport.Udp));
        writer.Add(default(DontFragment));
        writer.Add(new ReservationToken(7));
        writer.Add(new RequestedAddressFamily(IPFamily.IPv6));
        writer.Add(new AdditionalAddressFamily(IPFamily.IPv6));
        writer.Add(new AddressErrorCode(IPFamily.IPv6, 440, "no"u8));
        writer.Add(new Icmp(3, 4, 1400));
        writer.Add(new ConnectionId(9));
        writer.Add(new AccessToken([1, 2, 3], [4, 5]));
        writer.Add(new ChangeRequest(true, true));
        writer.Add(new ResponsePort(99));
        writer.AddMessageIntegrity("a key"u8);
        writer.AddMessageIntegritySha256("a key"u8);
        writer.AddFingerprint();
    });
}
