using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Tests.Stun;

public class StunWriterTests
{
    private static readonly byte[] Key = [1, 2, 3];

    public static TheoryData<string> Forbidden =>
    [
        "software after fingerprint", "integrity after fingerprint", "sha256 after fingerprint", "fingerprint after fingerprint",
        "software after integrity", "integrity after integrity", "software after sha256", "integrity after sha256", "sha256 after sha256",
    ];

    [Theory]
    [MemberData(nameof(Forbidden))]
    public void The_writer_refuses(string order)
    {
        string[] parts = order.Split(" after ");
        Assert.Throws<InvalidOperationException>(() => StunMessageTests.Build((ref StunWriter writer) =>
        {
            Add(ref writer, parts[1]);
            Add(ref writer, parts[0]);
        }));
    }

    [Fact]
    public void A_buffer_too_small_at_any_size_gives_0_and_never_throws()
    {
        int full = Fill(new byte[500]);
        for (int size = 0; size < full; size++) Assert.Equal(0, Fill(new byte[size]));
        Assert.Equal(full, Fill(new byte[full]));

        static int Fill(byte[] buffer)
        {
            var writer = new StunWriter(buffer, StunMethod.Allocate, StunClass.ErrorResponse, TransactionId.NewRandom());
            writer.Add(new ErrorCode(420, "Unknown Attribute"u8));
            writer.Add(new UnknownAttributes([AttributeType.Priority]));
            writer.AddXorAddress(AttributeType.XorRelayedAddress, TransportAddress.Parse("[2001:db8::1]:1"));
            writer.AddPlainAddress(AttributeType.OtherAddress, TransportAddress.Parse("192.0.2.1:1"));
            writer.AddText(AttributeType.Software, "é");
            writer.AddMessageIntegrity(Key);
            writer.AddMessageIntegritySha256(Key);
            writer.AddFingerprint();
            Assert.Equal(writer.Overflowed, writer.Finish() == 0);
            return writer.Finish();
        }
    }

    [Fact]
    public void An_attribute_too_long_for_the_length_field_overflows()
    {
        var writer = new StunWriter(new byte[200_000], StunMethod.Send, StunClass.Indication, default);
        writer.Add(AttributeType.Data, new byte[65_528]);
        Assert.Equal(20 + 4 + 65_528, writer.Finish());
        writer.Add(AttributeType.Data, []);
        Assert.Equal(0, writer.Finish());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Padding_is_zero_whatever_the_buffer_held(int size)
    {
        var buffer = new byte[64];
        buffer.AsSpan().Fill(0xEE);
        var writer = new StunWriter(buffer, StunMethod.Send, StunClass.Indication, default);
        writer.Add(AttributeType.Data, buffer.AsSpan(40, size));
        int length = writer.Finish();
        Assert.Equal(0, length % 4);
        Assert.Equal(24 + Padding.RoundUp(size), length);
        Assert.All(buffer[(24 + size)..length], b => Assert.Equal(0, b));
        Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(buffer.AsSpan(0, length), out StunMessage message));
        Assert.True(message.TryFind(AttributeType.Data, out ReadOnlySpan<byte> value));
        Assert.Equal(size, value.Length);
    }

    [Theory]
    [InlineData(StunClass.SuccessResponse)]
    [InlineData(StunClass.ErrorResponse)]
    public void Every_reply_echoes_method_and_the_12_bytes(StunClass messageClass)
    {
        foreach (StunMethod method in Enum.GetValues<StunMethod>().Where(m => m != StunMethod.Reserved))
        {
            var id = TransactionId.NewRandom();
            var request = new byte[20];
            _ = new StunWriter(request, method, StunClass.Request, id);
            Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(request, out StunMessage message));
            var buffer = new byte[100];
            StunWriter reply = messageClass == StunClass.SuccessResponse
                ? StunWriter.Success(buffer, message)
                : StunWriter.Error(buffer, message, StunErrorCode.BadRequest);
            Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(buffer.AsSpan(0, reply.Finish()), out StunMessage answer));
            Assert.Equal((method, messageClass, id), (answer.Method, answer.Class, answer.TransactionId));
        }
    }

    [Fact]
    public void Every_error_response_has_an_error_code_with_its_phrase()
    {
        Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(StunMessageTests.Build((ref StunWriter _) => { }), out StunMessage request));
        foreach (StunErrorCode code in Enum.GetValues<StunErrorCode>())
        {
            var buffer = new byte[100];
            StunWriter reply = StunWriter.Error(buffer, request, code);
            Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(buffer.AsSpan(0, reply.Finish()), out StunMessage answer));
            Assert.Equal(AttributeStatus.Ok, answer.Find(out ErrorCode error));
            Assert.Equal((int)code, error.Code);
            Assert.True(error.Reason.SequenceEqual(ReasonPhrase.Of(code)));
        }
    }

    [Fact]
    public void A_sha256_size_that_the_RFC_forbids_is_a_bug_of_the_caller() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => StunMessageTests.Build((ref StunWriter writer) => writer.AddMessageIntegritySha256(Key, 18)));

    private static void Add(ref StunWriter writer, string what)
    {
        if (what == "software") writer.AddText(AttributeType.Software, "x");
        else if (what == "integrity") writer.AddMessageIntegrity(Key);
        else if (what == "sha256") writer.AddMessageIntegritySha256(Key);
        else writer.AddFingerprint();
    }
}
