using System.Net;
using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.TestKit;

namespace NetDiscovery.Fuzz.Codec;

/// <summary>One good input for each reader, and the words that open doors.</summary>
internal static class CodecSeeds
{
    /// <summary>Magic cookie, message types, every attribute type with a length that fits it.</summary>
    public static IReadOnlyList<byte[]> Words { get; } =
    [
        [0x21, 0x12, 0xA4, 0x42], [0, 1, 0, 0], [0, 3, 0, 0], [1, 3, 0, 0], [1, 0x13, 0, 0], [0, 0x16, 0, 0], [0x40, 0, 0, 4], [22, 254, 253, 0, 0], "obMatJos2"u8.ToArray(),
        .. Enum.GetValues<AttributeType>().Select(type => new byte[] { (byte)((int)type >> 8), (byte)type, 0, 4 }),
        .. Enum.GetValues<AttributeType>().Select(type => new byte[] { (byte)((int)type >> 8), (byte)type }),
    ];

    /// <summary>The first byte names the reader (<see cref="CodecTarget"/>).</summary>
    public static IEnumerable<byte[]> All
    {
        get
        {
            var message = EveryAttribute.Message();
            yield return [0, .. message];
            yield return [2, 0, 3, 0x1C, 0, 0x0D, 4, 0, 0, 2, 88, 0, 6, 4, 1, 2, 3, 4];
            foreach (var (type, value) in Attributes(message))
            {
                yield return [3, (byte)((int)type >> 8), (byte)type, .. value];
            }

            yield return [4, .. message, 0x40, 0, 0, 3, 1, 2, 3, 0, .. message];
            yield return [5, 0x40, 0, 0, 3, 1, 2, 3];
            yield return [6, 40, 5, 0, 1, 2, 3];
            yield return [7, .. Encoding.ASCII.GetBytes(Username())];
            yield return [8, .. System.Buffers.Text.Base64Url.DecodeFromChars(Username())];
            byte[] hello = [22, 254, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 54, 1, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 42, 254, 253, .. new byte[32], 0, 0, 0, 2, 0xC0, 0x2F, 1, 0];
            yield return [9, .. hello];
            yield return [10, .. hello, 23, 254, 253, 0, 1, 0, 0, 0, 0, 0, 1, 0, 40, .. new byte[40]];
            yield return [11, 0, 12, .. new byte[60]];
            yield return [12, 0, 20, .. new byte[32]];
            yield return [13, .. "obMatJos2AAAD0123456789012345678901"u8];
            var room = new byte[SlotLayout.IdentityRoom];
            Identity().Write(room);
            yield return [14, .. room.AsSpan(0, 200)];
            foreach (var text in new[] { "192.0.2.1:5", "[2001:db8::1]:7" })
            {
                var native = IPEndPoint.Parse(text).Serialize();
                yield return [15, .. native.Buffer.Span[..native.Size]];
            }
        }
    }

    private static List<(AttributeType Type, byte[] Value)> Attributes(byte[] message)
    {
        StunMessage.TryRead(message, out var read);
        var all = new List<(AttributeType, byte[])>();
        foreach (var attribute in read.Attributes)
        {
            all.Add((attribute.Type, attribute.Value.ToArray()));
        }

        return all;
    }

    private static string Username() => TurnCredential.Encode(new CredentialClaims
    {
        Tenant = new TenantId(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)),
        KeyVersion = 1,
        Token = new TokenId(new Guid(11, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)),
        IssuedAt = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000),
        ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000),
        Endpoint = "left",
        Label = "label",
        Scopes = new CredentialScopes { Peers = ["192.0.2.0/24", "2001:db8::/32"], MaxAllocations = 3, BitsPerSecond = 1000, SourceAddress = "10.0.0.0/8", Regions = ["eu-1"] },
    });

    private static SlotIdentity Identity() => new()
    {
        Allocation = new AllocationId(Guid.Empty),
        Incarnation = Guid.Empty,
        OpenedAt = DateTimeOffset.UnixEpoch,
        Claims = Encoding.ASCII.GetBytes(Username()),
        Username = "user"u8.ToArray(),
        Transport = Grains.Interfaces.Addresses.Transport.Tcp,
        Client = TransportAddress.Parse("192.0.2.1:4000"),
        Server = TransportAddress.Parse("192.0.2.2:3478"),
        Relayed = TransportAddress.Parse("192.0.2.2:50000"),
        RelayedAdditional = TransportAddress.Parse("[2001:db8::1]:50000"),
    };
}
