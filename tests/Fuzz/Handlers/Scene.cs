using System.Buffers.Binary;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>Plays the steps of an input against a worker, and judges what the worker does.</summary>
internal sealed class Scene : IDisposable
{
    private static readonly int[] Pauses = [100, 1_000, 5_000, 30_000, 60_000, 300_000, 600_000, 200, 10_000, 40_000, 120_000, 299_900, 599_900, 900_000, 50_000, 3_600_000];
    private readonly FuzzWorld world;
    private readonly MessageMaker maker;
    private readonly ReplyJudge replies;
    private readonly PeerJudge peers;
    private readonly byte[] copy = new byte[4096];

    public Scene()
    {
        PeerJudge? judge = null;
        world = new FuzzWorld((in TransportAddress from, in TransportAddress to, ReadOnlySpan<byte> datagram) => judge!.OnSent(from, to, datagram));
        peers = judge = new PeerJudge(world);
        replies = new ReplyJudge(world);
        maker = new MessageMaker(world);
        maker.Begin();
    }

    /// <summary>Plays one step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="rest">What follows it: raw messages come from there too.</param>
    public void Play(in Step step, ReadOnlySpan<byte> rest)
    {
        var client = world.Clients[step.Client];
        if ((step.Credentials & 0x80) == 0 ? client.Credential == 6 : ((step.Credentials >> 4) & 7) == 6)
        {
            world.UseShortLived();
        }

        switch (step.Kind)
        {
            case 7:
                Send(client, maker.MakeChannelData(step), step);
                break;
            case 8:
                peers.FromPeer(client, maker.PeerOf(step.A), step.B, step.C);
                break;
            case 9:
                world.Clock.Advance(Pauses[step.A & 15]);
                break;
            case 10:
                peers.OnChanged(world.Change(step.B, step.A & 63));
                break;
            case 11:
                Send(client, client.LastRequest, step);
                break;
            case 12:
                Send(client, rest[..Math.Min(rest.Length, step.A)], step);
                break;
            case 13:
                Toggle(step.A, client);
                break;
            case 14:
                world.TakeAnswers(TakeAnswer);
                if (step.A != 0 && client.Leg.IsStream)
                {
                    world.Worker.OnLegClosed(client.Tuple);
                    world.Model.OnLegClosed(client);
                    client.Leg.Reconnect();
                }

                break;
            default:
                Send(client, maker.Make(step, client), step);
                break;
        }

        peers.CheckAll();
    }

    /// <summary>Checks that an input leaves nothing behind.</summary>
    public void End()
    {
        world.TakeAnswers(TakeAnswer);
        peers.CheckAll();
        world.Rest();
        world.Token = 0;
        peers.Forget();
        maker.Begin();
    }

    /// <inheritdoc cref="FuzzWorld.Settle"/>
    public void Settle() => world.Settle(TakeAnswer);

    public void Dispose() => world.Dispose();

    private void Send(FuzzClient client, ReadOnlySpan<byte> message, in Step step)
    {
        // The worker may keep nothing of the message beyond the call: it lies where the next one will.
        message = message[..Math.Min(message.Length, copy.Length)];
        message.CopyTo(copy);
        message = copy.AsSpan(0, message.Length);
        var asked = TenantNotKnown(message);
        if (IsData(message))
        {
            world.Model.Use(client);
        }

        Clear();
        world.Asking = client;
        world.Worker.OnMessage(message, client.Tuple, client.Leg);
        var silent = replies.Check(client, message, mayWait: asked is not null);
        if (silent && asked is { } tenant)
        {
            world.Await(tenant);
        }

        if (IsRequest(message))
        {
            client.Remember(message);
        }

        peers.Flush();
    }

    private void TakeAnswer(Grains.Interfaces.TenantId tenant)
    {
        Clear();
        world.Worker.OnTenantAnswered(tenant);

        // Any number of clients may have waited; each gets a response at most for each of its requests.
        foreach (var client in world.Clients)
        {
            replies.CheckLate(client);
        }

        peers.Flush();
    }

    private void Toggle(byte what, FuzzClient client)
    {
        switch (what & 3)
        {
            case 0:
                world.Draining = !world.Draining;
                break;
            case 1:
                world.Sockets.Jammed = !world.Sockets.Jammed;
                break;
            case 2:
                world.Sockets.OutOfSockets = !world.Sockets.OutOfSockets;
                break;
            default:
                client.Leg.Stalled = !client.Leg.Stalled;
                break;
        }
    }

    private void Clear()
    {
        foreach (var client in world.Clients)
        {
            client.Leg.Clear();
        }
    }

    private Grains.Interfaces.TenantId? TenantNotKnown(ReadOnlySpan<byte> bytes)
    {
        if (StunMessage.TryRead(bytes, out var message) != StunReadStatus.Ok || !message.TryFind(AttributeType.Username, out var username) || !TurnCredential.TryDecode(username, out var claims))
        {
            return null;
        }

        // A key newer than those known: the tenant is asked once more.
        if (claims.KeyVersion <= 1 && (world.IsCurrent(username) || world.Knows(claims.Tenant)))
        {
            return null;
        }

        return claims.Tenant;
    }

    private bool IsData(ReadOnlySpan<byte> message)
    {
        if (message.IsEmpty || StreamFraming.Classify(message[0], TurnDefaults.MaxRfc5766Channel) != FrameKind.Stun)
        {
            return ChannelData.TryRead(message, out _, TurnDefaults.MaxRfc5766Channel);
        }

        return StunMessage.TryRead(message, out var stun) == StunReadStatus.Ok && stun is { Class: StunClass.Indication, Method: StunMethod.Send }
            && (!stun.HasFingerprint || stun.CheckFingerprint()) && !world.Worker.Dispatcher.HasUnknown(stun);
    }

    private static bool IsRequest(ReadOnlySpan<byte> message) =>
        message.Length >= StunHeader.Size && (BinaryPrimitives.ReadUInt16BigEndian(message) & 0xC110) == 0;
}
