using System.Buffers.Binary;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Tests.Stun;

public class StunMessageTests
{
    private static readonly byte[] Key = "a key of sixteen"u8.ToArray();

    [Fact]
    public void Attributes_after_message_integrity_do_not_count()
    {
        byte[] bytes = Build((ref StunWriter writer) =>
        {
            writer.Add(new Lifetime(600));
            writer.AddMessageIntegrity(Key);
        });
        bytes = Append(bytes, AttributeType.Lifetime, [0, 0, 0, 1]);
        bytes = Append(bytes, AttributeType.Username, "mallory"u8);
        bytes = Append(bytes, (AttributeType)0x0042, [1]);

        StunMessage message = Read(bytes);
        Assert.Equal(AttributeStatus.Ok, message.Find(out Lifetime lifetime));
        Assert.Equal(600u, lifetime.Seconds);
        Assert.False(message.Has(AttributeType.Username));
        Assert.Equal(0, message.CopyUnknownRequired([AttributeType.Lifetime, AttributeType.MessageIntegrity], stackalloc AttributeType[4]));
        Assert.True(message.CheckMessageIntegrity(Key));
        Assert.Equal([AttributeType.Lifetime, AttributeType.MessageIntegrity], Types(message));
    }

    [Fact]
    public void After_message_integrity_only_the_sha256_one_and_the_fingerprint_count()
    {
        byte[] bytes = Append(Build((ref StunWriter writer) => writer.AddMessageIntegrity(Key)), AttributeType.Username, "mallory"u8);
        bytes = Append(bytes, AttributeType.MessageIntegritySha256, new byte[32]);
        bytes = Append(bytes, AttributeType.Realm, "elsewhere"u8);
        bytes = Append(bytes, AttributeType.MessageIntegrity, new byte[20]);
        bytes = Append(bytes, AttributeType.Fingerprint, new byte[4]);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(^4), Fingerprint.Compute(bytes.AsSpan(..^8)));

        StunMessage message = Read(bytes);
        Assert.Equal([AttributeType.MessageIntegrity, AttributeType.MessageIntegritySha256, AttributeType.Fingerprint], Types(message));
        Assert.True(message.CheckMessageIntegrity(Key));
        Assert.True(message.CheckFingerprint());
    }

    [Fact]
    public void Message_integrity_after_the_sha256_one_does_not_count()
    {
        byte[] bytes = Build((ref StunWriter writer) => writer.AddMessageIntegritySha256(Key));
        bytes = Append(bytes, AttributeType.MessageIntegrity, new byte[20]);
        StunMessage message = Read(bytes);
        Assert.False(message.HasMessageIntegrity);
        Assert.False(message.CheckMessageIntegrity(Key));
        Assert.True(message.CheckMessageIntegritySha256(Key));
    }

    [Fact]
    public void The_first_of_repeated_attributes_wins()
    {
        StunMessage message = Read(Build((ref StunWriter writer) =>
        {
            writer.Add(new Lifetime(1));
            writer.Add(new Lifetime(2));
        }));
        Assert.Equal(AttributeStatus.Ok, message.Find(out Lifetime lifetime));
        Assert.Equal(1u, lifetime.Seconds);
        Assert.Equal([AttributeType.Lifetime, AttributeType.Lifetime], Types(message));
    }

    [Fact]
    public void The_first_of_repeated_integrity_attributes_is_the_one_checked()
    {
        byte[] bytes = Build((ref StunWriter writer) => writer.AddMessageIntegrity(Key));
        StunMessage message = Read(Append(bytes, AttributeType.MessageIntegrity, new byte[20]));
        Assert.True(message.CheckMessageIntegrity(Key));
        Assert.Equal([AttributeType.MessageIntegrity], Types(message));
    }

    [Fact]
    public void Both_integrity_attributes_can_stand_in_one_message()
    {
        StunMessage message = Read(Build((ref StunWriter writer) =>
        {
            writer.AddText(AttributeType.Username, "user");
            writer.AddMessageIntegrity(Key);
            writer.AddMessageIntegritySha256(Key);
            writer.AddFingerprint();
        }));
        Assert.True(message.CheckMessageIntegrity(Key));
        Assert.True(message.CheckMessageIntegritySha256(Key));
        Assert.True(message.CheckFingerprint());
    }

    [Theory]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(28)]
    [InlineData(32)]
    public void A_truncated_sha256_integrity_holds_only_where_it_is_allowed(int size)
    {
        StunMessage message = Read(Build((ref StunWriter writer) => writer.AddMessageIntegritySha256(Key, size)));
        Assert.Equal(size == 32, message.CheckMessageIntegritySha256(Key));
        Assert.True(message.CheckMessageIntegritySha256(Key, MessageIntegrity.MinSha256Size));
        Assert.True(message.CheckMessageIntegritySha256(new IntegrityKey(Key), size));
        Assert.False(message.CheckMessageIntegritySha256("another"u8, MessageIntegrity.MinSha256Size));
    }

    [Fact]
    public void Unknown_comprehension_required_attributes_are_listed_once_each()
    {
        StunMessage message = Read(Build((ref StunWriter writer) =>
        {
            writer.Add(new Lifetime(1));
            writer.Add((AttributeType)0x7FFF, [1]);
            writer.Add((AttributeType)0x8777, [1]);
            writer.Add((AttributeType)0x0002, []);
            writer.Add((AttributeType)0x7FFF, [2]);
            writer.Add(AttributeType.Priority, [0, 0, 0, 0]);
        }));
        Span<AttributeType> unknown = stackalloc AttributeType[8];
        int count = message.CopyUnknownRequired([AttributeType.Lifetime], unknown);
        Assert.Equal([(AttributeType)0x7FFF, (AttributeType)0x0002, AttributeType.Priority], unknown[..count].ToArray());
        Assert.Equal(1, message.CopyUnknownRequired([AttributeType.Lifetime], unknown[..1]));
        Assert.Equal(0, message.CopyUnknownRequired([AttributeType.Lifetime], []));
    }

    [Fact]
    public void A_fingerprint_that_is_not_last_is_malformed()
    {
        byte[] bytes = Build((ref StunWriter writer) => writer.AddFingerprint());
        Assert.Equal(StunReadStatus.Malformed, StunMessage.TryRead(Append(bytes, AttributeType.Software, "x"u8), out _));
        Assert.Equal(StunReadStatus.Malformed, StunMessage.TryRead(Append(bytes, AttributeType.MessageIntegrity, new byte[20]), out _));
    }

    [Theory]
    [InlineData(AttributeType.MessageIntegrity, 19)]
    [InlineData(AttributeType.MessageIntegrity, 21)]
    [InlineData(AttributeType.MessageIntegrity, 0)]
    [InlineData(AttributeType.MessageIntegritySha256, 12)]
    [InlineData(AttributeType.MessageIntegritySha256, 18)]
    [InlineData(AttributeType.MessageIntegritySha256, 36)]
    [InlineData(AttributeType.Fingerprint, 3)]
    [InlineData(AttributeType.Fingerprint, 8)]
    public void An_integrity_or_fingerprint_of_the_wrong_size_is_malformed(AttributeType type, int size) =>
        Assert.Equal(StunReadStatus.Malformed, StunMessage.TryRead(Append(Build((ref StunWriter _) => { }), type, new byte[size]), out _));

    [Fact]
    public void An_attribute_that_runs_out_of_the_message_is_malformed()
    {
        byte[] bytes = Build((ref StunWriter writer) => writer.Add(new Lifetime(1)));
        foreach (int size in new[] { 5, 8, 0x7FFF, 0xFFFF })
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(22), (ushort)size);
            Assert.Equal(StunReadStatus.Malformed, StunMessage.TryRead(bytes, out _));
        }
    }

    [Fact]
    public void Bytes_after_the_message_are_malformed_and_missing_ones_incomplete()
    {
        byte[] bytes = Build((ref StunWriter writer) => writer.Add(new Lifetime(1)));
        Assert.Equal(StunReadStatus.Malformed, StunMessage.TryRead([.. bytes, 0], out _));
        for (int size = 0; size < bytes.Length; size++) Assert.Equal(StunReadStatus.Incomplete, StunMessage.TryRead(bytes.AsSpan(0, size), out _));
    }

    [Fact]
    public void A_classic_request_is_read_and_answered_with_its_own_16_bytes()
    {
        byte[] request = Build((ref StunWriter writer) => writer.Add(new ChangeRequest(false, true)));
        for (int i = 4; i < 20; i++) request[i] = (byte)i;
        StunMessage message = Read(request);
        Assert.True(message.IsClassic);
        Assert.Equal(AttributeStatus.Ok, message.Find(out ChangeRequest change));
        Assert.Equal(new ChangeRequest(false, true), change);

        Span<byte> buffer = stackalloc byte[64];
        StunWriter reply = StunWriter.Success(buffer, message);
        reply.AddPlainAddress(AttributeType.MappedAddress, TransportAddress.Parse("192.0.2.1:5"));
        StunMessage answer = Read(buffer[..reply.Finish()].ToArray());
        Assert.True(answer.IsClassic);
        Assert.True(answer.Bytes[4..20].SequenceEqual(request.AsSpan(4, 16)));

        Assert.Equal(StunReadStatus.NotStun, StunMessage.TryRead(request.AsSpan(0, 24), out _));
        Assert.Equal(StunReadStatus.NotStun, StunMessage.TryRead([.. request, 0], out _));
    }

    [Fact]
    public void Absent_and_malformed_attributes_are_told_apart()
    {
        StunMessage message = Read(Build((ref StunWriter writer) =>
        {
            writer.Add(AttributeType.Lifetime, [1, 2, 3]);
            writer.Add(AttributeType.XorPeerAddress, [0, 1, 2, 3]);
            writer.Add(AttributeType.MappedAddress, [0, 1, 2, 3]);
            writer.Add(AttributeType.Username, [0xFF, 0xFE]);
        }));
        Assert.Equal(AttributeStatus.Malformed, message.Find(out Lifetime _));
        Assert.Equal(AttributeStatus.Absent, message.Find(out ChannelNumber _));
        Assert.Equal(AttributeStatus.Malformed, message.FindXorAddress(AttributeType.XorPeerAddress, out _));
        Assert.Equal(AttributeStatus.Absent, message.FindXorAddress(AttributeType.XorMappedAddress, out _));
        Assert.Equal(AttributeStatus.Malformed, message.FindPlainAddress(AttributeType.MappedAddress, out _));
        Assert.Equal(AttributeStatus.Absent, message.FindPlainAddress(AttributeType.OtherAddress, out _));
        Assert.Equal(AttributeStatus.Malformed, message.FindText(AttributeType.Username, out _));
        Assert.Equal(AttributeStatus.Absent, message.FindText(AttributeType.Realm, out _));
    }

    internal delegate void Fill(ref StunWriter writer);

    internal static byte[] Build(Fill fill)
    {
        var buffer = new byte[4096];
        var writer = new StunWriter(buffer, StunMethod.Binding, StunClass.Request, new TransactionId(0x01020304, 0x05060708090A0B0C));
        fill(ref writer);
        return buffer[..writer.Finish()];
    }

    internal static byte[] Append(byte[] message, AttributeType type, ReadOnlySpan<byte> value)
    {
        byte[] longer = [.. message, .. new byte[4 + Padding.RoundUp(value.Length)]];
        BinaryPrimitives.WriteUInt16BigEndian(longer.AsSpan(message.Length), (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(longer.AsSpan(message.Length + 2), (ushort)value.Length);
        value.CopyTo(longer.AsSpan(message.Length + 4));
        BinaryPrimitives.WriteUInt16BigEndian(longer.AsSpan(2), (ushort)(longer.Length - StunHeader.Size));
        return longer;
    }

    private static StunMessage Read(byte[] bytes)
    {
        Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(bytes, out StunMessage message));
        return message;
    }

    private static List<AttributeType> Types(StunMessage message)
    {
        var types = new List<AttributeType>();
        foreach (StunAttribute attribute in message.Attributes) types.Add(attribute.Type);
        return types;
    }
}
