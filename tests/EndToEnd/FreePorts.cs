using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.EndToEnd;

/// <summary>Ports that were free a moment ago on 127.0.0.1.</summary>
internal static class FreePorts
{
    public static int Tcp()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>A port free for UDP and TCP alike.</summary>
    public static int UdpAndTcp()
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
                // taken for UDP: try another
            }
        }

        throw new InvalidOperationException("No port is free for both UDP and TCP.");
    }
}
