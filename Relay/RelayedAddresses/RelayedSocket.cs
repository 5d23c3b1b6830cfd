using System.Net.Sockets;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Handover;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol.Attributes;

namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>One relayed transport address of an allocation: its port and its socket. Disposing it gives back both.</summary>
internal sealed class RelayedSocket(RelayedAddress address, ushort port, IPeerDataSink sink) : IDatagramSink, IDisposable
{
    private IDatagramSocket? socket;

    /// <summary>The IP address it is on.</summary>
    public RelayedAddress Address => address;

    /// <summary>As clients and peers see it.</summary>
    public TransportAddress Public => address.Public.WithPort(port);

    /// <summary>The allocation it belongs to; set before the socket is started.</summary>
    public Allocation? Allocation { get; private set; }

    /// <summary>The socket itself, to be handed over.</summary>
    public HandedSocket Handed => new(socket!.Local, socket.Descriptor);

    /// <summary>Binds the socket.</summary>
    /// <returns>False when the system refused, for example because another program has the port.</returns>
    public bool TryBind(IDatagramPath path, int bufferBytes, out SocketError error) =>
        (socket = path.TryOpen(address.Local.WithPort(port), PortSharing.None, bufferBytes, this, out error)) is not null;

    /// <summary>Begins to receive for <paramref name="allocation"/>.</summary>
    public void Start(Allocation allocation)
    {
        Allocation = allocation;
        socket!.Start();
    }

    /// <inheritdoc cref="IDatagramSocket.Send"/>
    public bool Send(ReadOnlySpan<byte> data, in TransportAddress to, bool dontFragment) => socket!.Send(data, to, dontFragment);

    /// <inheritdoc cref="IDatagramSocket.TryReportIcmp"/>
    public bool TryReportIcmp() => socket!.TryReportIcmp();

    /// <inheritdoc/>
    public void OnIcmp(in TransportAddress to, Icmp error) => sink.OnIcmp(this, to, error);

    /// <inheritdoc/>
    public void OnDatagram(Span<byte> buffer, int length, in TransportAddress from) => sink.OnPeerData(this, buffer, length, from);

    /// <inheritdoc/>
    public void OnUnsent(ReadOnlySpan<byte> datagram, in TransportAddress to, bool counted) => sink.OnUnsentToPeer(this, datagram.Length, counted);

    /// <inheritdoc/>
    public void Dispose()
    {
        socket?.Dispose();
        address.Ports.Release(port);
    }
}

/// <summary>Takes what peers send to relayed transport addresses.</summary>
internal interface IPeerDataSink
{
    /// <inheritdoc cref="IDatagramSink.OnDatagram"/>
    void OnPeerData(RelayedSocket relayed, Span<byte> buffer, int length, in TransportAddress from);

    /// <summary>Takes back what was counted for a datagram to a peer: the system did not take it.</summary>
    /// <param name="relayed">The relayed transport address it was to leave from.</param>
    /// <param name="length">Bytes of application data.</param>
    /// <param name="counted">True when it was counted as sent.</param>
    void OnUnsentToPeer(RelayedSocket relayed, int length, bool counted);

    /// <inheritdoc cref="IDatagramSink.OnIcmp"/>
    void OnIcmp(RelayedSocket relayed, in TransportAddress to, Icmp error);
}
