using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Tests.Vectors;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Protocol.Tests;

/// <summary>No allocation on any path of the packet.</summary>
public class AllocationTests
{
    private static readonly IntegrityKey Key = new("key"u8);
    private static readonly byte[] Request = Vector.Load("rfc5769-request");
    private static readonly byte[] Sha256Request = Vector.Load("rfc8489-request-sha256");
    private static readonly byte[] Buffer = new byte[2048];
    private static readonly SocketAddress Native = IPEndPoint.Parse("[2001:db8::1]:1").Serialize();
    private static readonly SocketAddress Target = new(AddressFamily.InterNetworkV6);
    private static readonly Dictionary<TransportAddress, int> Table = new() { [TransportAddress.Parse("[2001:db8::1]:1")] = 7 };
    private static readonly AttributeType[] Types = [AttributeType.Realm];
    private static int _sink;

    public static TheoryData<string> Paths => [.. Actions.Keys];

    private static Dictionary<string, Action> Actions => new()
    {
        ["read a message and find in it"] = ReadAndFind,
        ["check integrity"] = () => CheckIntegrity(),
        ["write a response"] = Write,
        ["write an error"] = WriteError,
        ["derive keys"] = DeriveKeys,
        ["channel data and framing"] = Channels,
        ["addresses"] = Addresses,
    };

    [Theory]
    [MemberData(nameof(Paths))]
    public void Allocates_nothing(string path)
    {
        Action action = Actions[path];
        for (int i = 0; i < 50; i++) action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) action();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void ReadAndFind()
    {
        StunMessage.TryRead(Sha256Request, out StunMessage message);
        foreach (StunAttribute attribute in message.Attributes) _sink += attribute.Value.Length;
        message.Find(out UserHash hash);
        message.Find(out PasswordAlgorithm algorithm);
        message.FindText(AttributeType.Realm, out ReadOnlySpan<byte> realm);
        _sink += message.CopyUnknownRequired(Types, stackalloc AttributeType[8]) + hash.Hash.Length + (int)algorithm.Algorithm + realm.Length;
    }

    private static void CheckIntegrity()
    {
        StunMessage.TryRead(Request, out StunMessage message);
        if (message.CheckMessageIntegrity(Key) || message.CheckMessageIntegrity("key"u8) || !message.CheckFingerprint()) _sink++;
        StunMessage.TryRead(Sha256Request, out message);
        if (message.CheckMessageIntegritySha256(Key) || message.CheckMessageIntegritySha256("key"u8)) _sink++;
    }

    private static void Write()
    {
        StunMessage.TryRead(Request, out StunMessage message);
        StunWriter writer = StunWriter.Success(Buffer, message);
        writer.AddXorAddress(AttributeType.XorMappedAddress, TransportAddress.FromIPv4(0x7F000001, 5));
        writer.AddXorAddress(AttributeType.XorRelayedAddress, TransportAddress.FromIPv6(1, 2, 5));
        writer.Add(new Lifetime(600));
        writer.AddText(AttributeType.Software, "NetDiscovery");
        writer.AddMessageIntegrity(Key);
        writer.AddMessageIntegritySha256("key"u8);
        writer.AddFingerprint();
        _sink += writer.Finish();
    }

    private static void WriteError()
    {
        StunMessage.TryRead(Request, out StunMessage message);
        StunWriter writer = StunWriter.Error(Buffer, message, StunErrorCode.UnknownAttribute);
        writer.Add(new UnknownAttributes(Types));
        writer.Add(PasswordAlgorithms.Sha256ThenMd5);
        _sink += writer.Finish();
    }

    private static void DeriveKeys()
    {
        Span<byte> key = stackalloc byte[32];
        LongTermKey.DeriveMd5("user"u8, "realm"u8, "password"u8, key);
        LongTermKey.DeriveSha256("user"u8, "realm"u8, "password"u8, key);
        NonceCookie.Write(key, SecurityFeatures.UserAnonymity);
        NonceCookie.TryRead(key, out SecurityFeatures features);
        _sink += key[0] + (int)features + (int)TransactionId.NewRandom().High;
    }

    private static void Channels()
    {
        int size = ChannelData.Write(Buffer, 0x4000, Request, stream: true);
        StreamFraming.TryMeasure(Buffer.AsSpan(0, size), 2000, out _, out int frame);
        ChannelData.TryRead(Buffer.AsSpan(0, frame), out ChannelData message);
        _sink += message.Data.Length;
    }

    private static void Addresses()
    {
        TransportAddress.TryFrom(Native, out TransportAddress address);
        address.WriteTo(Target);
        _sink += Table[address] + address.Unmapped().WithPort(0).GetHashCode();
    }
}
