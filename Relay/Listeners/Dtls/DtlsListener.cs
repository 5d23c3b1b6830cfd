using System.Net.Sockets;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Dtls;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Listeners.Dtls;

/// <summary>STUN and TURN over DTLS (RFC 7350) on one address, for one worker. The kernel gives each client to the same worker every time.</summary>
/// <param name="worker">The worker it belongs to.</param>
/// <param name="context">Gives the newest context.</param>
/// <param name="limits">What DTLS may hold in the whole relay.</param>
internal sealed class DtlsListener(Worker worker, Func<DtlsContext> context, DtlsLimits limits) : ClientLeg, IDatagramSink, IDtlsPort, IDisposable
{
    private const int BufferBytes = 4 * 1024 * 1024;
    private IDatagramSocket? socket;
    private DtlsAssociations? associations;

    /// <inheritdoc/>
    public override Transport Transport => Transport.Dtls;

    /// <summary>What it met so far.</summary>
    public DtlsCounters Counters { get; private set; } = new();

    /// <summary>Binds <paramref name="local"/>.</summary>
    public bool TryBind(in TransportAddress local, PortSharing sharing, out SocketError error)
    {
        socket = worker.Path.TryOpen(local, sharing, BufferBytes, this, out error);
        if (socket is null)
        {
            return false;
        }

        associations = new DtlsAssociations(context, this, worker.Wheel, limits);
        Counters = associations.Counters;
        return true;
    }

    /// <summary>Begins to receive.</summary>
    public void Start() => socket!.Start();

    /// <inheritdoc/>
    public override bool Send(ReadOnlySpan<byte> message, in TransportAddress client, bool droppable) =>
        associations!.TryGet(client, out var found) && found.Send(message);

    /// <inheritdoc/>
    public void OnDatagram(Span<byte> buffer, int length, in TransportAddress from)
    {
        // Nothing in the clear is served here: whoever opened only this port wants it so.
        if (length == 0 || StreamFraming.Classify(buffer[DatagramBuffers.Headroom]) != FrameKind.Dtls)
        {
            worker.Services.Metrics.Dropped(DropReason.NotTurn);
            return;
        }

        try
        {
            associations!.Receive(from, buffer.Slice(DatagramBuffers.Headroom, length));
        }
        catch (Exception exception)
        {
            worker.OnFault(exception);
        }
    }

    /// <inheritdoc/>
    public void Send(in TransportAddress client, ReadOnlySpan<byte> datagram) => socket!.Send(datagram, client);

    /// <inheritdoc/>
    public void Deliver(DtlsClient client, ReadOnlySpan<byte> message) => worker.OnMessage(message, TupleOf(client), this);

    /// <inheritdoc/>
    public void Ended(DtlsClient client) => worker.OnLegClosed(TupleOf(client));

    /// <inheritdoc/>
    public bool HoldsAllocation(DtlsClient client) => worker.Table.TryGet(TupleOf(client), out _) || worker.Foreign.Contains(TupleOf(client));

    /// <summary>Says goodbye to every client and closes the socket.</summary>
    public void Dispose()
    {
        lock (worker.Gate)
        {
            associations?.CloseAll();
            associations?.Dispose();
            socket?.Dispose();
        }
    }

    private FiveTuple TupleOf(DtlsClient client) => new(client.Address, socket!.Local, Transport.Dtls);
}
