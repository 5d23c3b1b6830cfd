using System.Net.Sockets;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>
/// The relayed transport address of a TCP allocation (RFC 6062 §5.1): its port, and the socket that listens there.
/// Connections to peers are made from the same address and port (§5.2). Disposing it gives back port and socket.
/// </summary>
internal sealed class RelayedListener : IDisposable
{
    private const int Backlog = 64;

    private readonly Socket socket;
    private readonly ushort port;

    private RelayedListener(RelayedAddress address, ushort port, Socket socket)
    {
        Address = address;
        this.port = port;
        this.socket = socket;
        address.StreamPorts.Add(port);
    }

    /// <summary>The IP address it is on.</summary>
    public RelayedAddress Address { get; }

    /// <summary>As clients and peers see it.</summary>
    public TransportAddress Public => Address.Public.WithPort(port);

    /// <summary>Opens a random port, in the order of <see cref="RelayedSocketOpener.TryOpen"/>.</summary>
    /// <returns>Null when no port is to be had: 508.</returns>
    public static RelayedListener? TryOpen(RelayedAddress address)
    {
        var occupied = address.OccupiedForStreams;
        for (var again = false; ; again = true)
        {
            while (address.Ports.TryTake(PortParity.Any, out var port, occupied.Ports))
            {
                if (TryListen(address.Local.WithPort(port), out var error) is { } socket)
                {
                    return new RelayedListener(address, port, socket);
                }

                if (error == SocketError.AddressAlreadyInUse)
                {
                    occupied.Add(port);
                }

                address.Ports.Release(port);
                if (error != SocketError.AddressAlreadyInUse)
                {
                    return null;
                }
            }

            if (again || !occupied.TryForget())
            {
                return null;
            }
        }
    }

    /// <summary>Waits for the next peer.</summary>
    /// <exception cref="SocketException">Out of descriptors, or closed.</exception>
    /// <exception cref="ObjectDisposedException">Closed.</exception>
    public Task<Socket> AcceptAsync() => socket.AcceptAsync();

    /// <summary>Opens a socket for a connection from the relayed transport address to a peer.</summary>
    /// <returns>Null when the system refused.</returns>
    public Socket? TryOpenOutgoing()
    {
        var outgoing = new Socket(socket.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Prepare(outgoing);
            SharePort(outgoing);
            outgoing.Bind(Address.Local.WithPort(port).ToIPEndPoint());
            return outgoing;
        }
        catch (SocketException)
        {
            outgoing.Dispose();
            return null;
        }
    }

    public void Dispose()
    {
        Address.StreamPorts.Remove(port);
        socket.Dispose();
        Address.Ports.Release(port);
    }

    private static Socket? TryListen(in TransportAddress local, out SocketError error)
    {
        var socket = new Socket(local.Family == IPFamily.IPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Prepare(socket);
            socket.Bind(local.ToIPEndPoint());
            socket.Listen(Backlog);

            // Only now: while it binds and listens, nobody else may have the port.
            SharePort(socket);
            error = SocketError.Success;
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            error = exception.SocketErrorCode;
            return null;
        }
    }

    private static void Prepare(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = false;
        }

        if (OperatingSystem.IsLinux())
        {
            // Connections of an earlier allocation may be in TIME_WAIT on the port.
            const int SolSocket = 1, SoReuseAddress = 2;
            socket.SetRawSocketOption(SolSocket, SoReuseAddress, BitConverter.GetBytes(1));
        }
        else
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        }
    }

    private static void SharePort(Socket socket)
    {
        if (OperatingSystem.IsLinux())
        {
            // A port that is listened on can be bound again only where both sockets say so. Elsewhere SO_REUSEADDR is enough.
            const int SolSocket = 1, SoReusePort = 15;
            socket.SetRawSocketOption(SolSocket, SoReusePort, BitConverter.GetBytes(1));
        }
    }
}
