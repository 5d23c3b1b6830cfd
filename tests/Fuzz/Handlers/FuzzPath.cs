using System.Net.Sockets;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>Takes what relayed sockets send.</summary>
internal delegate void PeerDatagram(in TransportAddress from, in TransportAddress to, ReadOnlySpan<byte> datagram);

/// <summary>Sockets in memory: what a worker sends is handed to the fuzzer, what peers send comes from it.</summary>
/// <param name="sent">Called with each datagram.</param>
internal sealed class FuzzPath(PeerDatagram sent) : IDatagramPath
{
    private readonly Dictionary<TransportAddress, FuzzSocket> sockets = [];

    /// <summary>Open sockets.</summary>
    public int Open => sockets.Count;

    /// <summary>True: the system takes no datagram.</summary>
    public bool Jammed { get; set; }

    /// <summary>True: the system has no socket left.</summary>
    public bool OutOfSockets { get; set; }

    /// <summary>Gives a datagram to the socket at <paramref name="to"/>.</summary>
    /// <returns>False when there is none.</returns>
    public bool Deliver(in TransportAddress from, in TransportAddress to, ReadOnlySpan<byte> datagram, Span<byte> buffer)
    {
        if (!sockets.TryGetValue(to, out var socket) || !socket.Started)
        {
            return false;
        }

        datagram.CopyTo(buffer[DatagramBuffers.Headroom..]);
        socket.Sink.OnDatagram(buffer[..(DatagramBuffers.Headroom + datagram.Length + DatagramBuffers.Tailroom)], datagram.Length, from);
        return true;
    }

    public IDatagramSocket? TryOpen(in TransportAddress local, PortSharing sharing, int bufferBytes, IDatagramSink sink, out SocketError error)
    {
        error = OutOfSockets ? SocketError.TooManyOpenSockets : sockets.ContainsKey(local) ? SocketError.AddressAlreadyInUse : SocketError.Success;
        if (error != SocketError.Success)
        {
            return null;
        }

        return sockets[local] = new FuzzSocket(this, local, sink);
    }

    public void Dispose() => sockets.Clear();

    private sealed class FuzzSocket(FuzzPath path, TransportAddress local, IDatagramSink sink) : IDatagramSocket
    {
        public TransportAddress Local => local;

        public IDatagramSink Sink => sink;

        public bool Started { get; private set; }

        public void Start() => Started = true;

        public bool Send(ReadOnlySpan<byte> datagram, in TransportAddress to, bool dontFragment = false)
        {
            if (path.Jammed)
            {
                return false;
            }

            path.Sent(local, to, datagram);
            return true;
        }

        public void Dispose() => path.sockets.Remove(local);
    }

    private void Sent(in TransportAddress from, in TransportAddress to, ReadOnlySpan<byte> datagram) => sent(from, to, datagram);
}
