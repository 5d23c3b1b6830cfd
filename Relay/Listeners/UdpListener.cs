using System.Net.Sockets;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.Listeners;

/// <summary>STUN and TURN over UDP on one address, for one worker. The kernel gives each client to the same worker every time.</summary>
/// <param name="worker">The worker it belongs to.</param>
internal sealed class UdpListener(Worker worker) : ClientLeg, IDatagramSink, IDisposable
{
    /// <summary>Bytes of what has arrived that the system shall keep for each worker: all clients' datagrams come through here, and strangers' too.</summary>
    public const int BufferBytes = 4 * 1024 * 1024;

    private IDatagramSocket? socket;

    /// <inheritdoc/>
    public override Transport Transport => Transport.Udp;

    /// <summary>The worker it belongs to.</summary>
    public Worker Worker => worker;

    /// <summary>The socket, once bound.</summary>
    public IDatagramSocket Socket => socket!;

    /// <summary>Binds <paramref name="local"/>.</summary>
    public bool TryBind(in TransportAddress local, PortSharing sharing, out SocketError error) =>
        (socket = worker.Path.TryOpen(local, sharing, BufferBytes, this, out error)) is not null;

    /// <summary>Begins to receive.</summary>
    public void Start() => socket!.Start();

    /// <inheritdoc/>
    public override bool Send(ReadOnlySpan<byte> message, in TransportAddress client, bool droppable) => socket!.Send(message, client);

    /// <inheritdoc/>
    public void OnDatagram(Span<byte> buffer, int length, in TransportAddress from) =>
        worker.OnMessage(buffer.Slice(DatagramBuffers.Headroom, length), new FiveTuple(from, socket!.Local, Transport.Udp), this);

    /// <inheritdoc/>
    public void OnUnsent(ReadOnlySpan<byte> datagram, in TransportAddress to, bool counted) =>
        worker.Media.OnUnsentToClient(datagram, new FiveTuple(to, socket!.Local, Transport.Udp), counted);

    /// <inheritdoc/>
    public void Dispose() => socket?.Dispose();
}
