using System.Net.Sockets;

namespace NetDiscovery.Relay.Listeners;

/// <summary>Datagrams through plain asynchronous sockets: works on every system .NET runs on.</summary>
/// <param name="gate">The worker's gate; entered around each delivery.</param>
internal sealed class PortableDatagramPath(Lock gate) : IDatagramPath
{
    /// <summary>As the log shows it.</summary>
    public const string Name = "portable sockets";

    public IDatagramSocket? TryOpen(in TransportAddress local, PortSharing sharing, int bufferBytes, IDatagramSink sink, out SocketError error)
    {
        var ipv6 = local.Family == Protocol.IPFamily.IPv6;
        var socket = new Socket(ipv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (ipv6)
            {
                socket.DualMode = false;
            }
            else
            {
                // Linux would set DF on everything that fits the path; without DONT-FRAGMENT a relay must not (RFC 8656 §15).
                socket.DontFragment = false;
            }

            if (OperatingSystem.IsWindows())
            {
                // An ICMP "port unreachable" must not look like an error of the next receive.
                socket.IOControl(unchecked((int)0x9800000C), [0], null);
            }

            if (sharing == PortSharing.Further)
            {
                Share(socket);
            }

            socket.ReceiveBufferSize = bufferBytes;
            socket.SendBufferSize = bufferBytes;
            socket.Bind(local.ToIPEndPoint());
            if (sharing == PortSharing.First)
            {
                Share(socket);
            }

            socket.Blocking = false;
            error = SocketError.Success;
            return new PortableDatagramSocket(socket, gate, sink);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            error = exception.SocketErrorCode;
            return null;
        }
    }

    public void Dispose()
    {
        // Each socket is disposed by whoever opened it.
    }

    private static void Share(Socket socket)
    {
        const int SolSocket = 1, SoReusePort = 15;
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(SolSocket, SoReusePort, BitConverter.GetBytes(1));
        }
    }
}
