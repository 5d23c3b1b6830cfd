using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace NetDiscovery.Relay.Handover;

/// <summary>Where two processes of one relay meet: a Unix socket in the relay's data folder, which only the relay's user may enter.</summary>
/// <param name="Path">The socket's file.</param>
/// <param name="Shape">What both must have alike, as text: version of these messages, workers, listeners.</param>
internal sealed record HandoverPoint(string Path, string Shape)
{
    /// <summary>Longest text of either side.</summary>
    public const int MaxText = 8192;

    // struct sockaddr_un has room for 107 bytes of a path.
    private const int MaxPath = 107;

    /// <summary>Makes the point of a relay.</summary>
    /// <returns>Null when the folder's path is too long for a Unix socket.</returns>
    public static HandoverPoint? Make(string dataPath, string relayId, int workers, IEnumerable<Protocol.TransportAddress> listeners)
    {
        var path = System.IO.Path.Combine(System.IO.Path.GetFullPath(dataPath), $"handover-{relayId}.sock");
        return Encoding.UTF8.GetByteCount(path) > MaxPath ? null : new HandoverPoint(path, string.Create(CultureInfo.InvariantCulture, $"1 {workers} {string.Join(' ', listeners)}"));
    }

    /// <summary>A socket for it: packets, so that one message is one message.</summary>
    public static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);

    /// <summary>Sends a text.</summary>
    public static void Say(Socket connection, string text) => connection.Send(Encoding.UTF8.GetBytes(text));

    /// <summary>Receives a text; empty when the other process is gone.</summary>
    public static string Hear(Socket connection)
    {
        var buffer = new byte[MaxText];
        return Encoding.UTF8.GetString(buffer, 0, connection.Receive(buffer));
    }
}
