using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using Transport = NetDiscovery.Grains.Interfaces.Addresses.Transport;
using FiveTuple = NetDiscovery.Relay.Allocations.FiveTuple;

namespace NetDiscovery.Relay.Tests.Hostile;

/// <summary>Hands messages to a worker as if they had come from any address, forged ones too, and keeps what would have been sent back.</summary>
/// <param name="worker">The worker.</param>
/// <param name="transport">The transport it pretends to use.</param>
internal sealed class Stranger(Worker worker, Transport transport = Transport.Udp) : ClientLeg
{
    private readonly TransportAddress server = TransportAddress.Parse("127.0.0.1:3478");

    /// <summary>Every answer so far, with whom it went to.</summary>
    public List<(TransportAddress To, byte[] Bytes)> Answers { get; } = [];

    public override Transport Transport => transport;

    public override bool Send(ReadOnlySpan<byte> message, in TransportAddress client, bool droppable)
    {
        Answers.Add((client, message.ToArray()));
        return true;
    }

    /// <summary>Sends one message.</summary>
    /// <returns>The answer, or null when there was none; more than one is an error.</returns>
    public byte[]? Ask(ReadOnlySpan<byte> message, TransportAddress from)
    {
        var before = Answers.Count;
        lock (worker.Gate)
        {
            worker.OnMessage(message, new FiveTuple(from, from.Family == IPFamily.IPv4 ? server : TransportAddress.Parse("[::1]:3478"), transport), this);
        }

        Assert.InRange(Answers.Count - before, 0, 1);
        return Answers.Count == before ? null : Answers[^1].Bytes;
    }

    /// <summary>A request without credentials.</summary>
    public static byte[] Request(StunMethod method, Client.AttributeWriter? attributes = null, bool fingerprint = false)
    {
        var bytes = new byte[2048];
        var writer = new StunWriter(bytes, method, StunClass.Request, TransactionId.NewRandom());
        attributes?.Invoke(ref writer);
        if (fingerprint)
        {
            writer.AddFingerprint();
        }

        return bytes[..writer.Finish()];
    }

    /// <returns>Address number <paramref name="index"/> of as many as there are.</returns>
    public static TransportAddress Source(int index, ushort port = 1000) => TransportAddress.FromIPv4((9u << 24) + (uint)index, port);

    /// <returns>The error code of an answer; 0 for success.</returns>
    public static int CodeOf(byte[] answer)
    {
        Assert.Equal(StunReadStatus.Ok, StunMessage.TryRead(answer, out var message));
        return message.Find(out Protocol.Attributes.ErrorCode code) == Protocol.Attributes.AttributeStatus.Ok ? code.Code : 0;
    }
}
