using System.Buffers.Binary;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Mobility;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>Makes the messages of clients: valid ones with right credentials, and every kind of wrong one. What is spoilt before it is signed gets beyond the integrity check.</summary>
internal sealed class MessageMaker(FuzzWorld world)
{
    private static readonly uint[] Lifetimes = [600, 0, 1, 60, 3600, 7200, uint.MaxValue, 300];
    private static readonly ushort[] Channels = [0x4000, 0x4001, 0x4002, 0x4FFF, 0x5000, 0x7FFF, 0x3FFF, 0x8000];
    private readonly byte[] buffer = new byte[4096];
    private readonly byte[] nonce = new byte[NonceIssuer.Size];
    private ulong transactions;

    /// <summary>Attributes of a method.</summary>
    private delegate void Attributes(ref StunWriter writer, in Step step, FuzzClient client);

    /// <summary>Forgets what an earlier input left.</summary>
    public void Begin() => transactions = 0;

    /// <summary>Makes the STUN message of a step.</summary>
    public ReadOnlySpan<byte> Make(in Step step, FuzzClient client) => step.Kind switch
    {
        0 => Build(step, client, StunMethod.Binding, StunClass.Request, Discover),
        1 or 2 => Build(step, client, StunMethod.Allocate, StunClass.Request, Allocate),
        3 => Build(step, client, StunMethod.Refresh, StunClass.Request, Refresh),
        4 => Build(step, client, StunMethod.CreatePermission, StunClass.Request, CreatePermission),
        5 => Build(step, client, StunMethod.ChannelBind, StunClass.Request, ChannelBind),
        6 => Build(step, client, StunMethod.Send, StunClass.Indication, Send),
        _ => Build(step, client, (StunMethod)(step.A & 15), (StunClass)(step.B & 3), Other),
    };

    /// <summary>Makes the ChannelData of a step.</summary>
    public ReadOnlySpan<byte> MakeChannelData(in Step step)
    {
        var data = (step.B & 31) * ((step.B & 0x80) != 0 ? 40 : 1);
        BinaryPrimitives.WriteUInt16BigEndian(buffer, Channels[step.A & 7]);
        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(2), (ushort)(data + (step.Spoil >= 128 ? step.At : 0)));
        buffer.AsSpan(4, data + 4).Fill(step.C);
        return buffer.AsSpan(0, 4 + data + (step.C & 3));
    }

    /// <summary>A peer address of the table, or a relayed transport address of a client.</summary>
    public TransportAddress PeerOf(byte choice)
    {
        if ((choice & 0x10) == 0)
        {
            return Peers.All[choice & 15];
        }

        var client = world.Clients[choice & 7];
        var relayed = (choice & 0x20) != 0 ? client.Allocation?.IPv6 : client.Allocation?.IPv4;
        return relayed is { IsSet: true } set ? set : Peers.OwnPublic.WithPort((ushort)(FuzzWorld.MinPort + (choice & 7)));
    }

    private ReadOnlySpan<byte> Build(in Step step, FuzzClient client, StunMethod method, StunClass messageClass, Attributes? attributes)
    {
        var writer = new StunWriter(buffer, method, messageClass, new TransactionId(0xF022, ++transactions));
        attributes?.Invoke(ref writer, step, client);
        SpoilAttributes(ref writer, step);
        if ((method != StunMethod.Binding || (step.B & 0x80) != 0) && messageClass == StunClass.Request)
        {
            Sign(ref writer, step, client);
        }

        if ((step.At & 0x80) != 0)
        {
            writer.AddFingerprint();
        }

        var length = writer.Finish();
        switch (step.Spoil)
        {
            case >= 0xF8:
                // After it was signed: whatever it hits, nobody may fall over it.
                buffer[step.At % length] ^= (byte)(1 << (step.Spoil & 7));
                break;
            case >= 0xF6:
                // An RFC 3489 client has no cookie.
                buffer[4] ^= 0x55;
                break;
            case >= 0xF4:
                length = step.At % length;
                break;
        }

        return buffer.AsSpan(0, length);
    }

    private static void SpoilAttributes(ref StunWriter writer, in Step step)
    {
        Span<byte> value = stackalloc byte[40];
        value.Fill(step.At);
        switch (step.Spoil)
        {
            case >= 0xC0 and < 0xD0:
                var type = (AttributeType)((step.At & 0x80) << 8 | (step.At & 0x3F));
                if (type is not (AttributeType.MessageIntegrity or AttributeType.MessageIntegritySha256 or AttributeType.Fingerprint))
                {
                    writer.Add(type, value[..(step.Spoil & 15)]);
                }

                break;
            case >= 0xD0 and < 0xE0:
                writer.Add((AttributeType)(0x7000 + step.At), value[..((step.Spoil & 15) * 2)]);
                break;
            case >= 0xE0 and < 0xF0:
                for (var i = 0; i < (step.Spoil & 15) * 3; i++)
                {
                    writer.Add((AttributeType)(0x7100 + i), value[..(step.At & 3)]);
                }

                break;
        }
    }

    private void Sign(ref StunWriter writer, in Step step, FuzzClient client)
    {
        // The low half says what is wrong with the credentials: mostly nothing.
        var credential = world.Credentials[(step.Credentials & 0x80) != 0 ? (step.Credentials >> 4) & 7 : client.Credential];
        var fault = step.Credentials & 15;
        if (fault == 1)
        {
            return;
        }

        if (fault != 2)
        {
            writer.Add(AttributeType.Username, credential.Username);
        }

        if (fault != 3)
        {
            writer.Add(AttributeType.Realm, fault == 4 ? "other"u8 : FuzzWorld.Realm);
        }

        if (fault != 5)
        {
            var issuedAt = world.Clock.GetUtcNow() - (fault == 6 ? TimeSpan.FromHours(2) : TimeSpan.Zero);
            if (fault is 6 or 7)
            {
                world.Nonces.Write(fault == 7 ? Peers.All[0] : client.Tuple.Client, issuedAt, SecurityFeatures.PasswordAlgorithms, nonce);
            }
            else
            {
                client.CopyNonce(world.Nonces, issuedAt, nonce);
            }

            if (fault == 8)
            {
                nonce[step.At % nonce.Length] ^= 4;
            }

            writer.Add(AttributeType.Nonce, nonce);
        }

        var sha256 = fault is 9 or 10;
        if (fault is 9 or 10 or 11)
        {
            writer.Add(PasswordAlgorithms.Sha256ThenMd5);
            writer.Add(new PasswordAlgorithm(fault == 9 ? PasswordAlgorithmId.Sha256 : PasswordAlgorithmId.Md5));
        }
        else if (fault == 12)
        {
            writer.Add(new PasswordAlgorithm(PasswordAlgorithmId.Sha256));
        }

        var key = fault == 9 ? credential.Sha256 : credential.Md5;
        if (sha256)
        {
            writer.AddMessageIntegritySha256(key);
        }
        else
        {
            writer.AddMessageIntegrity(fault == 13 ? credential.Sha256 : key);
        }
    }

    private void Discover(ref StunWriter writer, in Step step, FuzzClient client)
    {
        if ((step.A & 1) != 0)
        {
            writer.Add(new ChangeRequest((step.C & 1) != 0, (step.C & 2) != 0));
        }

        if ((step.A & 2) != 0)
        {
            writer.Add(new ResponsePort((ushort)(step.C * 251)));
        }

        if ((step.A & 4) != 0)
        {
            Span<byte> padding = stackalloc byte[1600];
            padding.Clear();
            writer.Add(AttributeType.Padding, padding[..(step.C * 6)]);
        }
    }

    private void Allocate(ref StunWriter writer, in Step step, FuzzClient client)
    {
        if ((step.A & 0x70) != 0x70)
        {
            writer.Add(new RequestedTransport((step.A & 0x70) == 0x60 ? (byte)6 : RequestedTransport.Udp));
        }

        if ((step.B & 7) != 0)
        {
            writer.Add(new Lifetime(Lifetimes[step.B & 7]));
        }

        switch (step.A & 7)
        {
            case 1:
                writer.Add(new EvenPort((step.B & 8) != 0));
                break;
            case 2:
                writer.Add(new RequestedAddressFamily((step.B & 8) != 0 ? IPFamily.IPv6 : IPFamily.IPv4));
                break;
            case 3:
                writer.Add(new AdditionalAddressFamily(IPFamily.IPv6));
                break;
            case 4:
                writer.Add(new ReservationToken(world.Token));
                break;
            case 5:
                writer.Add(new EvenPort(true));
                break;
            case 6:
                writer.Add(new EvenPort(false));
                writer.Add(new AdditionalAddressFamily(IPFamily.IPv6));
                break;
        }

        if ((step.A & 8) != 0)
        {
            writer.Add(default(DontFragment));
        }

        if ((step.A & 0x80) != 0)
        {
            writer.Add(AttributeType.MobilityTicket, (step.B & 0x80) != 0 ? client.Ticket : []);
        }
    }

    private void Refresh(ref StunWriter writer, in Step step, FuzzClient client)
    {
        if ((step.A & 15) != 8)
        {
            writer.Add(new Lifetime(Lifetimes[step.A & 7]));
        }

        if ((step.B & 3) != 0)
        {
            writer.Add(new RequestedAddressFamily((step.B & 3) == 1 ? IPFamily.IPv4 : IPFamily.IPv6));
        }

        if ((step.B & 0x80) != 0)
        {
            // Its own or another's, as it is or spoilt.
            Span<byte> ticket = stackalloc byte[MobilityTickets.Size];
            var told = world.Clients[step.C & 7].Ticket;
            told.CopyTo(ticket);
            if ((step.C & 0x80) != 0)
            {
                ticket[step.At % ticket.Length] ^= 1;
            }

            writer.Add(AttributeType.MobilityTicket, (step.C & 0x40) != 0 ? ticket[..(step.At % ticket.Length)] : ticket[..told.Length]);
        }
    }

    private void Other(ref StunWriter writer, in Step step, FuzzClient client)
    {
        // Connect and ConnectionBind (RFC 6062) are among them. Their sockets would be real ones: TCP relaying is off, and only their refusals are reached.
        writer.Add(new ConnectionId(step.C));
        writer.AddXorAddress(AttributeType.XorPeerAddress, PeerOf(step.C));
    }

    private void CreatePermission(ref StunWriter writer, in Step step, FuzzClient client)
    {
        writer.AddXorAddress(AttributeType.XorPeerAddress, PeerOf(step.A));
        if ((step.B & 0x80) != 0)
        {
            writer.AddXorAddress(AttributeType.XorPeerAddress, PeerOf(step.C));
        }
    }

    private void ChannelBind(ref StunWriter writer, in Step step, FuzzClient client)
    {
        if (step.B != 0xFF)
        {
            writer.Add(new ChannelNumber(Channels[step.B & 7]));
        }

        writer.AddXorAddress(AttributeType.XorPeerAddress, PeerOf(step.A));
    }

    private void Send(ref StunWriter writer, in Step step, FuzzClient client)
    {
        writer.AddXorAddress(AttributeType.XorPeerAddress, PeerOf(step.A));
        if ((step.C & 0x80) != 0)
        {
            writer.Add(default(DontFragment));
        }

        Span<byte> data = stackalloc byte[31];
        data.Fill(step.C);
        if (step.B != 0xFF)
        {
            writer.Add(AttributeType.Data, data[..(step.B & 31)]);
        }
    }
}
