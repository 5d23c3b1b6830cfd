using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace NetDiscovery.TestKit;

/// <summary>
/// Ports of the loopback address that nobody uses, each given out once. They lie below those that the system gives to whoever asks for any: what a
/// test stops and starts again finds its port free, however many sockets come and go meanwhile.
/// </summary>
public static class FreePort
{
    private const int First = 10_000, Attempts = 1_000;
    private static readonly string[] UdpSockets = [.. new[] { "/proc/net/udp", "/proc/net/udp6" }.Where(File.Exists)];
    private static readonly int End = FirstOfTheSystem();
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <returns>A port free for TCP.</returns>
    public static int Tcp() => Find(SocketType.Stream);

    /// <returns>A port free for UDP.</returns>
    public static int Udp() => Find(SocketType.Dgram);

    /// <returns>A port free for both, as a STUN listener needs.</returns>
    public static int TcpAndUdp() => Find(SocketType.Stream, SocketType.Dgram);

    /// <exception cref="InvalidOperationException">None of those tried was free.</exception>
    private static int Find(params SocketType[] types)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, End);
            if (Given.TryAdd(port, true) && Array.TrueForAll(types, type => IsFree(type, port)))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"None of {Attempts} loopback ports from {First} to {End} was free.");
    }

    private static bool IsFree(SocketType type, int port)
    {
        if (type == SocketType.Dgram && UdpSockets.Length > 0)
        {
            // Not by binding it: a program that another test starts at that moment holds a copy of the socket for a while, and with it the port.
            var column = $":{port:X4} ";
            return !UdpSockets.SelectMany(File.ReadLines).Any(line => line.Contains(column, StringComparison.Ordinal));
        }

        using var socket = new Socket(AddressFamily.InterNetwork, type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // Elsewhere than on Linux, and where the system's begin lower still: those of most systems.
    private static int FirstOfTheSystem()
    {
        const string Range = "/proc/sys/net/ipv4/ip_local_port_range";
        var first = File.Exists(Range) ? int.Parse(File.ReadAllText(Range).Split('\t', ' ')[0], CultureInfo.InvariantCulture) : 0;
        return first > First + (2 * Attempts) ? first : 32_768;
    }
}
