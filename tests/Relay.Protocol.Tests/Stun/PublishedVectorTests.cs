using System.Text;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Tests.Vectors;

namespace NetDiscovery.Relay.Protocol.Tests.Stun;

/// <summary>RFC 5769 and RFC 8489 appendix B: read, check, and write again byte for byte.</summary>
public class PublishedVectorTests
{
    private static readonly byte[] ShortTermPassword = "VOkJxbRl1RmTxUk/WvJxBt"u8.ToArray();
    private static readonly byte[] Matrix = Encoding.UTF8.GetBytes("マトリックス");

    [Fact]
    public void Rfc5769_request_is_read_and_its_integrity_and_fingerprint_hold()
    {
        StunMessage message = Read("rfc5769-request");
        Assert.Equal(StunMethod.Binding, message.Method);
        Assert.Equal(StunClass.Request, message.Class);
        Assert.Equal(AttributeStatus.Ok, message.FindText(AttributeType.Software, out ReadOnlySpan<byte> software));
        Assert.Equal("STUN test client", Encoding.UTF8.GetString(software));
        Assert.Equal(AttributeStatus.Ok, message.FindText(AttributeType.Username, out ReadOnlySpan<byte> username));
        Assert.Equal("evtj:h6vY", Encoding.UTF8.GetString(username));
        Assert.True(message.CheckMessageIntegrity(ShortTermPassword));
        Assert.True(message.CheckMessageIntegrity(new IntegrityKey(ShortTermPassword)));
        Assert.False(message.CheckMessageIntegrity("another"u8));
        Assert.False(message.CheckMessageIntegritySha256(ShortTermPassword));
        Assert.True(message.CheckFingerprint());
    }

    [Theory]
    [InlineData("rfc5769-response-ipv4", "192.0.2.1:32853")]
    [InlineData("rfc5769-response-ipv6", "[2001:db8:1234:5678:11:2233:4455:6677]:32853")]
    public void Rfc5769_responses_are_read_and_written_back_byte_for_byte(string name, string mapped)
    {
        StunMessage message = Read(name);
        Assert.Equal(StunClass.SuccessResponse, message.Class);
        Assert.Equal(AttributeStatus.Ok, message.FindXorAddress(AttributeType.XorMappedAddress, out TransportAddress address));
        Assert.Equal(TransportAddress.Parse(mapped), address);
        Assert.True(message.CheckMessageIntegrity(ShortTermPassword));
        Assert.True(message.CheckFingerprint());

        Span<byte> buffer = stackalloc byte[200];
        var writer = new StunWriter(buffer, StunMethod.Binding, StunClass.SuccessResponse, message.TransactionId);
        writer.AddText(AttributeType.Software, "test vector");
        writer.AddXorAddress(AttributeType.XorMappedAddress, address);

        // The RFC pads SOFTWARE with a space; we write zeros. So compare what does not depend on it.
        int integrityAt = writer.Length;
        Assert.Equal(Convert.ToHexString(message.Bytes[40..integrityAt]), Convert.ToHexString(buffer[40..integrityAt]));
        buffer[35] = (byte)' ';
        writer.AddMessageIntegrity(ShortTermPassword);
        writer.AddFingerprint();
        Assert.Equal(Convert.ToHexString(message.Bytes), Convert.ToHexString(buffer[..writer.Finish()]));
    }

    [Fact]
    public void Rfc5769_long_term_request_holds_and_is_written_back_byte_for_byte()
    {
        StunMessage message = Read("rfc5769-request-long-term");
        Span<byte> key = stackalloc byte[LongTermKey.Md5Size];
        LongTermKey.DeriveMd5(Matrix, "example.org"u8, "TheMatrIX"u8, key);
        Assert.True(message.CheckMessageIntegrity(key));
        Assert.False(message.HasFingerprint);
        Assert.False(message.CheckFingerprint());

        Span<byte> buffer = stackalloc byte[200];
        var writer = new StunWriter(buffer, StunMethod.Binding, StunClass.Request, message.TransactionId);
        writer.Add(AttributeType.Username, Matrix);
        writer.AddText(AttributeType.Nonce, "f//499k954d6OL34oL9FSTvy64sA");
        writer.AddText(AttributeType.Realm, "example.org");
        writer.AddMessageIntegrity(new IntegrityKey(key));
        Assert.Equal(Convert.ToHexString(message.Bytes), Convert.ToHexString(buffer[..writer.Finish()]));
    }

    [Fact]
    public void Rfc8489_sha256_request_holds_and_is_written_back_byte_for_byte()
    {
        StunMessage message = Read("rfc8489-request-sha256");
        Span<byte> key = stackalloc byte[LongTermKey.Sha256Size];
        LongTermKey.DeriveSha256(Matrix, "example.org"u8, "TheMatrIX"u8, key);
        Span<byte> userHash = stackalloc byte[UserHash.Size];
        LongTermKey.DeriveUserHash(Matrix, "example.org"u8, userHash);

        Assert.True(message.CheckMessageIntegritySha256(key));
        Assert.True(message.CheckMessageIntegritySha256(new IntegrityKey(key)));
        Assert.False(message.CheckMessageIntegrity(key));
        Assert.Equal(AttributeStatus.Ok, message.Find(out UserHash found));
        Assert.Equal(Convert.ToHexString(userHash), Convert.ToHexString(found.Hash));
        Assert.Equal(AttributeStatus.Ok, message.Find(out PasswordAlgorithm algorithm));
        Assert.Equal(PasswordAlgorithmId.Sha256, algorithm.Algorithm);
        Assert.Equal(AttributeStatus.Ok, message.FindText(AttributeType.Nonce, out ReadOnlySpan<byte> nonce));
        Assert.True(NonceCookie.TryRead(nonce, out SecurityFeatures features));
        Assert.Equal(SecurityFeatures.UserAnonymity, features);

        Span<byte> buffer = stackalloc byte[200];
        var writer = new StunWriter(buffer, StunMethod.Binding, StunClass.Request, message.TransactionId);
        writer.Add(new UserHash(userHash));
        writer.AddText(AttributeType.Nonce, "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA");
        writer.AddText(AttributeType.Realm, "example.org");
        writer.Add(new PasswordAlgorithm(PasswordAlgorithmId.Sha256));
        writer.AddMessageIntegritySha256(key);
        Assert.Equal(Convert.ToHexString(message.Bytes), Convert.ToHexString(buffer[..writer.Finish()]));
    }

    private static StunMessage Read(string name)
    {
        Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(Vector.Load(name), out StunMessage message));
        return message;
    }
}
