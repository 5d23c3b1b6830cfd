using System.Net;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Bench;

/// <summary>Messages as a busy relay sees them.</summary>
internal static class SampleMessages
{
    /// <summary>A client of the long-term mechanism.</summary>
    public const string Username = "1893456000:a-user-name-of-forty-odd-characters-in-it";

    /// <summary>The realm of <see cref="Username"/>.</summary>
    public const string Realm = "netdiscovery";

    /// <summary>Size of a nonce as a relay hands it out.</summary>
    public const string Nonce = "obMatJos2AAAAdeadbeefcafe0123456789abcdef";

    /// <summary>The client's reflexive transport address.</summary>
    public static readonly TransportAddress Client = TransportAddress.From(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 50_000));

    /// <summary>The key both sides of the sample conversation share.</summary>
    public static readonly byte[] Key = [.. Enumerable.Range(1, LongTermKey.Md5Size).Select(value => (byte)value)];

    /// <summary>A Binding request without attributes, 20 bytes: what most clients send.</summary>
    public static byte[] Binding()
    {
        var buffer = new byte[128];
        var writer = new StunWriter(buffer, StunMethod.Binding, StunClass.Request, new TransactionId(1, 2));
        return buffer[..writer.Finish()];
    }

    /// <summary>An authenticated Allocate request with FINGERPRINT, about 200 bytes.</summary>
    public static byte[] Allocate(IntegrityKey key)
    {
        var buffer = new byte[512];
        return buffer[..WriteAllocate(buffer, key)];
    }

    /// <summary>Writes what <see cref="Allocate"/> answers.</summary>
    public static int WriteAllocate(Span<byte> buffer, IntegrityKey key)
    {
        var writer = new StunWriter(buffer, StunMethod.Allocate, StunClass.Request, new TransactionId(1, 2));
        writer.Add(new RequestedTransport(RequestedTransport.Udp));
        writer.Add(new Lifetime(600));
        writer.AddText(AttributeType.Username, Username);
        writer.AddText(AttributeType.Realm, Realm);
        writer.AddText(AttributeType.Nonce, Nonce);
        writer.AddMessageIntegrity(key);
        writer.AddFingerprint();
        return writer.Finish();
    }
}
