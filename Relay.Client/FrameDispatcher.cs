using System.Net.Sockets;
using System.Threading.Channels;
using NetDiscovery.Relay.Client.Links;
using NetDiscovery.Relay.Client.Transactions;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Client;

/// <summary>Hands each frame to whom it belongs: a transaction, the datagram callback, or the queue.</summary>
internal sealed class FrameDispatcher : IFrameReceiver
{
    private readonly TurnClientOptions _options;
    private readonly TransactionTable _transactions;
    private readonly PeerChannels _channels;
    private readonly ClientCounters _counters;
    private readonly TransportAddress _server;
    private readonly Channel<ReceivedDatagram> _queue;

    public FrameDispatcher(TurnClientOptions options, TransactionTable transactions, PeerChannels channels, ClientCounters counters)
    {
        _options = options;
        _transactions = transactions;
        _channels = channels;
        _counters = counters;
        _server = TransportAddress.From(options.Server);
        _queue = Channel.CreateBounded<ReceivedDatagram>(
            new BoundedChannelOptions(Math.Max(1, options.ReceiveQueue)) { FullMode = BoundedChannelFullMode.DropOldest },
            _ => counters.DroppedOne());
    }

    public DatagramHandler? DatagramReceived { get; set; }

    public Action<TransportAddress, Icmp>? IcmpReceived { get; set; }

    public Action<TransportAddress, uint>? ConnectionAttempted { get; set; }

    public ChannelReader<ReceivedDatagram> Queue => _queue.Reader;

    public void OnFrame(ReadOnlyMemory<byte> frame, in TransportAddress source)
    {
        _counters.Received(frame.Length);
        if (ChannelData.TryRead(frame.Span, out ChannelData channelData))
        {
            if (source == _server && _channels.TryPeer(channelData.Channel, out TransportAddress peer)) Deliver(frame, peer, channelData.Data);
            else _counters.UnexpectedOne();
            return;
        }

        if (StunMessage.TryRead(frame.Span, out StunMessage message) != StunReadStatus.Ok || !OnMessage(frame, message, source)) _counters.UnexpectedOne();
    }

    public void OnUnreachable(SocketException error)
    {
        if (!_options.IgnoreUnreachable) _transactions.FailAll(error);
    }

    public void OnClosed(Exception reason)
    {
        _transactions.Close(reason);
        _queue.Writer.TryComplete(reason is ObjectDisposedException ? null : reason);
    }

    private bool OnMessage(ReadOnlyMemory<byte> frame, in StunMessage message, in TransportAddress source)
    {
        if (message.Class == StunClass.ErrorResponse && !message.HasMessageIntegrity && !message.HasMessageIntegritySha256) _counters.RefusedResponse(frame.Length);
        if (message.Class is StunClass.SuccessResponse or StunClass.ErrorResponse) return _transactions.TryComplete(message, source);
        if (message.Class != StunClass.Indication || source != _server) return false;
        if (message.FindXorAddress(AttributeType.XorPeerAddress, out TransportAddress peer) != AttributeStatus.Ok) return false;
        if (message.Method == StunMethod.ConnectionAttempt && message.Find(out ConnectionId connection) == AttributeStatus.Ok)
        {
            ConnectionAttempted?.Invoke(peer, connection.Id);
            return true;
        }

        if (message.Method != StunMethod.Data) return false;
        if (message.Find(out Icmp icmp) == AttributeStatus.Ok)
        {
            IcmpReceived?.Invoke(peer, icmp);
            return true;
        }

        if (!message.TryFind(AttributeType.Data, out ReadOnlySpan<byte> data)) return false;
        Deliver(frame, peer, data);
        return true;
    }

    private void Deliver(ReadOnlyMemory<byte> frame, in TransportAddress peer, ReadOnlySpan<byte> data)
    {
        _counters.MediaReceived(frame.Length, data.Length);
        if (DatagramReceived is { } handler)
        {
            frame.Span.Overlaps(data, out int offset);
            handler(peer, data.IsEmpty ? default : frame.Slice(offset, data.Length));
            return;
        }

        _queue.Writer.TryWrite(new ReceivedDatagram(peer, data.ToArray()));
    }
}
