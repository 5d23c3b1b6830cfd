using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.Relay.Client.Links;

/// <summary>
/// Opens sockets of clients over UDP. A client that left without a Refresh of 0 has an allocation until that expires; from the same port the next
/// one would be told 437 (RFC 8656 §7.2). So no port is taken that one of this process's last <see cref="Remembered"/> clients had.
/// </summary>
internal static class UdpSockets
{
    /// <summary>Ports remembered: few enough that most of the system's are left.</summary>
    public const int Remembered = 4096;

    private const int Attempts = 32;
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Recent = new(Remembered);
    private static readonly Queue<int> Order = new(Remembered);

    /// <summary>A bound socket, not connected yet.</summary>
    public static Socket Open(TurnClientOptions options)
    {
        for (var attempt = 1; ; attempt++)
        {
            var socket = new Socket(options.Server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                if (options.SocketBuffer > 0) socket.ReceiveBufferSize = socket.SendBufferSize = options.SocketBuffer;
                var local = options.Local ?? new IPEndPoint(options.Server.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
                socket.Bind(local);
                if (local.Port != 0 || TryRemember(((IPEndPoint)socket.LocalEndPoint!).Port) || attempt == Attempts) return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            socket.Dispose();
        }
    }

    private static bool TryRemember(int port)
    {
        lock (Gate)
        {
            if (!Recent.Add(port)) return false;
            if (Order.Count == Remembered) Recent.Remove(Order.Dequeue());
            Order.Enqueue(port);
            return true;
        }
    }
}
