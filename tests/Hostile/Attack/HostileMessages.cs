using System.Buffers.Binary;
using NetDiscovery.Hostile.Servers;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Hostile.Attack;

/// <summary>Makes hostile datagrams: requests without credentials, mutations of good messages, forged and replayed credentials, lying lengths, and noise.</summary>
internal sealed class HostileMessages
{
    /// <summary>Largest datagram made here.</summary>
    public const int MaxSize = 2048;

    private static readonly StunMethod[] Methods =
        [StunMethod.Binding, StunMethod.Allocate, StunMethod.Allocate, StunMethod.Refresh, StunMethod.CreatePermission, StunMethod.ChannelBind, StunMethod.Connect, StunMethod.ConnectionBind];

    private readonly Random random;
    private readonly List<byte[]> seeds = [];
    private readonly string username;

    /// <param name="server">The server: its address and the legitimate username, which is no secret on the wire.</param>
    /// <param name="challenge">An error response with realm and nonce.</param>
    /// <param name="seed">Of all choices.</param>
    public HostileMessages(IServerUnderTest server, in StunMessage challenge, int seed)
    {
        random = new Random(seed);
        username = server.Username;
        AddSeeds(server, challenge);
    }

    /// <summary>Makes the next one.</summary>
    /// <returns>Its size.</returns>
    public int Next(Span<byte> buffer)
    {
        switch (random.Next(16))
        {
            case < 4:
                return WithoutCredentials(buffer);
            case < 12:
                return Mutated(buffer);
            case 12:
                return Forged(buffer);
            case 13:
                return Channel(buffer);
            case 14:
                // Word for word, from another address.
                var copy = seeds[random.Next(seeds.Count)];
                copy.CopyTo(buffer);
                return copy.Length;
            default:
                var noise = buffer[..random.Next(1500)];
                random.NextBytes(noise);
                return noise.Length;
        }
    }

    private int WithoutCredentials(Span<byte> buffer)
    {
        var writer = new StunWriter(buffer, Methods[random.Next(Methods.Length)], StunClass.Request, TransactionId.NewRandom());
        writer.Add(new RequestedTransport(RequestedTransport.Udp));
        return writer.Finish();
    }

    private int Forged(Span<byte> buffer)
    {
        var writer = new StunWriter(buffer, Methods[1 + random.Next(Methods.Length - 1)], StunClass.Request, TransactionId.NewRandom());
        writer.AddText(AttributeType.Username, random.Next(2) == 0 ? username : $"nobody-{random.Next()}");
        writer.AddText(AttributeType.Realm, "netdiscovery");
        writer.AddText(AttributeType.Nonce, $"obMatJos2{random.NextInt64():x16}");
        writer.AddMessageIntegrity("guessed"u8);
        return writer.Finish();
    }

    private int Channel(Span<byte> buffer)
    {
        var size = 4 + random.Next(300);
        random.NextBytes(buffer[..size]);
        BinaryPrimitives.WriteUInt16BigEndian(buffer, (ushort)(0x4000 + random.Next(0x1000)));
        if (random.Next(2) == 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)(size - 4));
        }

        return size;
    }

    private int Mutated(Span<byte> buffer)
    {
        var seed = seeds[random.Next(seeds.Count)];
        seed.CopyTo(buffer);
        var length = seed.Length;
        for (var count = 1 + random.Next(6); count > 0 && length > 0; count--)
        {
            var at = random.Next(length);
            switch (random.Next(7))
            {
                case 0:
                    buffer[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    buffer[at] = (byte)random.Next();
                    break;
                case 2:
                    // A length or a type.
                    BinaryPrimitives.WriteUInt16BigEndian(buffer[Math.Min(at & ~1, length - 1)..], (ushort)random.Next(65_536));
                    break;
                case 3:
                    length = at;
                    break;
                case 4 when length + 64 < MaxSize:
                    random.NextBytes(buffer.Slice(length, 64));
                    length += 64;
                    break;
                case 5:
                    var other = seeds[random.Next(seeds.Count)];
                    other.AsSpan(0, Math.Min(other.Length, length - at)).CopyTo(buffer[at..]);
                    break;
                default:
                    // What is left is consistent again, so that the reader goes on.
                    if (length >= 20)
                    {
                        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)((length - 20) & ~3));
                    }

                    break;
            }
        }

        return length;
    }

    private void AddSeeds(IServerUnderTest server, in StunMessage challenge)
    {
        challenge.TryFind(AttributeType.Realm, out var realm);
        challenge.TryFind(AttributeType.Nonce, out var nonce);
        var key = new byte[LongTermKey.Md5Size];
        LongTermKey.DeriveMd5(System.Text.Encoding.UTF8.GetBytes(server.Username), realm, System.Text.Encoding.UTF8.GetBytes(server.Password), key);
        TransportAddress peer = TransportAddress.Parse("127.0.0.1:9"), ipv6 = TransportAddress.Parse("[2600::1]:9");
        foreach (var method in Methods.Distinct())
        {
            var bytes = new byte[MaxSize];
            var writer = new StunWriter(bytes, method, StunClass.Request, TransactionId.NewRandom());
            writer.AddText(AttributeType.Username, server.Username);
            writer.Add(AttributeType.Realm, realm);
            writer.Add(AttributeType.Nonce, nonce);
            writer.Add(new RequestedTransport(RequestedTransport.Udp));
            writer.Add(new Lifetime(600));
            writer.Add(new EvenPort(true));
            writer.Add(new ReservationToken(7));
            writer.Add(new RequestedAddressFamily(IPFamily.IPv4));
            writer.Add(new ChannelNumber(0x4001));
            writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
            writer.AddXorAddress(AttributeType.XorPeerAddress, ipv6);
            writer.AddMessageIntegrity(key);
            writer.AddFingerprint();
            seeds.Add(bytes[..writer.Finish()]);
        }

        foreach (var method in new[] { StunMethod.Send, StunMethod.Data, StunMethod.Binding })
        {
            var bytes = new byte[MaxSize];
            var writer = new StunWriter(bytes, method, StunClass.Indication, TransactionId.NewRandom());
            writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
            writer.Add(AttributeType.Data, new byte[160]);
            seeds.Add(bytes[..writer.Finish()]);
        }

        seeds.Add([0x40, 0, 0, 160, .. new byte[160]]);
        seeds.Add([22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 40, .. new byte[40]]);
        seeds.Add([0, 1, 0, 8, .. new byte[16], 0, 3, 0, 4, 0, 0, 0, 6]);
    }
}
