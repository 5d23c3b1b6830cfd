using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.Silo.Hosting;

/// <summary>Ports for a silo whose cluster is its own process.</summary>
internal static class LoopbackPort
{
    /// <returns>A TCP port of 127.0.0.1 that was free a moment ago.</returns>
    public static int Free()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
