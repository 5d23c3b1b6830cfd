using System.Buffers;
using NetDiscovery.Relay.Client.Transactions;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Client;

/// <summary>Writes what the client sends.</summary>
internal sealed class MessageBuilder(TurnClientOptions options, PeerChannels channels)
{
    /// <summary>Most bytes around the data of a Send indication: header, XOR-PEER-ADDRESS, DATA header, padding, FINGERPRINT.</summary>
    public const int DataOverhead = 64;

    private const int MaxRequestSize = 8192;

    /// <summary>A request with bytes of its own.</summary>
    public byte[] Request(StunMethod method, TransactionId id, AttributeWriter? attributes, Challenge? challenge)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxRequestSize);
        var writer = new StunWriter(buffer, method, StunClass.Request, id);
        if (options.Software is not null) writer.AddText(AttributeType.Software, options.Software);
        attributes?.Invoke(ref writer);
        challenge?.Authenticate(ref writer);
        if (options.Fingerprint) writer.AddFingerprint();
        int size = writer.Finish();
        byte[] request = buffer[..size];
        ArrayPool<byte>.Shared.Return(buffer);
        return size > 0 ? request : throw new ArgumentException($"The request is over {MaxRequestSize} bytes.", nameof(attributes));
    }

    /// <summary>ChannelData where a channel is bound, else a Send indication.</summary>
    /// <returns>Bytes written.</returns>
    public int Data(Span<byte> buffer, in TransportAddress peer, ReadOnlySpan<byte> data, bool stream)
    {
        int size;
        if (channels.TryChannel(peer, out ushort channel))
        {
            size = ChannelData.Write(buffer, channel, data, stream);
        }
        else
        {
            var writer = new StunWriter(buffer, StunMethod.Send, StunClass.Indication, TransactionId.NewRandom());
            writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
            writer.Add(AttributeType.Data, data);
            if (options.Fingerprint) writer.AddFingerprint();
            size = writer.Finish();
        }

        return size > 0 ? size : throw new ArgumentException("Too many bytes for one message.", nameof(data));
    }
}
