using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.TestKit;

/// <summary>One STUN message with every attribute there is, right or not for its method: what readers are tried on.</summary>
public static class EveryAttribute
{
    /// <summary>The key of both its integrity attributes.</summary>
    public static ReadOnlySpan<byte> Key => "a key"u8;

    /// <summary>Makes it.</summary>
    public static byte[] Message()
    {
        var buffer = new byte[1000];
        var writer = new StunWriter(buffer, StunMethod.Allocate, StunClass.Request, new TransactionId(1, 2));
        TransportAddress ipv4 = TransportAddress.Parse("192.0.2.1:4000"), ipv6 = TransportAddress.Parse("[2001:db8::1]:4000");
        writer.AddText(AttributeType.Username, "user");
        writer.AddText(AttributeType.Realm, "realm");
        writer.AddText(AttributeType.Nonce, "obMatJos2AAADnonce");
        writer.AddPlainAddress(AttributeType.MappedAddress, ipv4);
        writer.AddPlainAddress(AttributeType.OtherAddress, ipv6);
        writer.AddXorAddress(AttributeType.XorMappedAddress, ipv4);
        writer.AddXorAddress(AttributeType.XorPeerAddress, ipv6);
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
        writer.Add(AttributeType.UserHash, new byte[32]);
        writer.AddMessageIntegrity(Key);
        writer.AddMessageIntegritySha256(Key);
        writer.AddFingerprint();
        return buffer[..writer.Finish()];
    }
}
