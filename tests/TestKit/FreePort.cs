using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.TestKit;

/// <summary>Ports of the loopback address that nobody used a moment ago.</summary>
public static class FreePort
{
    /// <returns>A port free for TCP, given out once by the kernel's own choice.</returns>
    public static int Tcp()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <returns>A port free for UDP.</returns>
    public static int Udp()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <returns>A port free for both, as a STUN listener needs.</returns>
    /// <exception cref="InvalidOperationException">None of 100 ports tried was free for both.</exception>
    public static int TcpAndUdp()
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            var port = Tcp();
            using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                udp.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it for UDP: try another.
            }
        }

        throw new InvalidOperationException("None of 100 loopback ports was free for both TCP and UDP.");
    }
}
