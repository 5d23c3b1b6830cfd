using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.Hostile.Attack;

/// <summary>Sends hostile datagrams at a steady rate from ever new addresses of 127.0.0.0/8, a tenth of them from the legitimate clients' own address.</summary>
/// <param name="server">Where the server listens.</param>
/// <param name="relayed">Relayed transport addresses: some of the datagrams go there, as from peers nobody permitted.</param>
/// <param name="messages">What is sent.</param>
/// <param name="seed">Of the choices of addresses.</param>
internal sealed class DatagramFlood(IPEndPoint server, IEnumerable<TransportAddress> relayed, HostileMessages messages, int seed)
{
    // Datagrams from one address and port.
    private const int PerSocket = 100;

    // One in so many goes to a relayed address.
    private const int ToRelayed = 12;

    private readonly Random random = new(seed);
    private readonly SocketAddress listener = server.Serialize();
    private readonly SocketAddress[] others = [.. relayed.Select(address => address.ToIPEndPoint().Serialize())];

    /// <summary>Sent so far.</summary>
    public long Sent { get; private set; }

    /// <summary>Different source addresses so far.</summary>
    public long Sources { get; private set; }

    /// <summary>Sends that the system refused.</summary>
    public long Unsent { get; private set; }

    /// <summary>Sends all; returns when the last is out.</summary>
    public void Run(int count, int perSecond)
    {
        var buffer = new byte[HostileMessages.MaxSize];
        var socket = Open();
        try
        {
            for (var clock = Stopwatch.StartNew(); Sent < count; Thread.Sleep(1))
            {
                for (var due = Math.Min(count, (long)(clock.Elapsed.TotalSeconds * perSecond)); Sent < due; Sent++)
                {
                    if (Sent % PerSocket == PerSocket - 1)
                    {
                        socket.Dispose();
                        socket = Open();
                    }

                    Send(socket, buffer);
                }
            }
        }
        finally
        {
            socket.Dispose();
        }
    }

    private void Send(Socket socket, byte[] buffer)
    {
        var size = messages.Next(buffer);
        var to = others.Length > 0 && random.Next(ToRelayed) == 0 ? others[random.Next(others.Length)] : listener;
        try
        {
            socket.SendTo(buffer.AsSpan(0, size), SocketFlags.None, to);
        }
        catch (SocketException)
        {
            Unsent++;
        }
    }

    private Socket Open()
    {
        Sources++;
        var own = random.Next(10) == 0;
        var address = own ? IPAddress.Loopback : new IPAddress([127, (byte)random.Next(1, 255), (byte)random.Next(256), (byte)random.Next(1, 255)]);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }
}
