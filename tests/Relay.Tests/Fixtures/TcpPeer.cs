using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A peer on loopback that listens on a TCP port, and connects to others.</summary>
internal sealed class TcpPeer : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public TcpPeer(int backlog = 64)
    {
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(backlog);
        Address = TransportAddress.From((IPEndPoint)listener.LocalEndPoint!);
    }

    public TransportAddress Address { get; }

    public async Task<Socket> AcceptAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        return await listener.AcceptAsync(limit.Token);
    }

    public static async Task<Socket> ConnectAsync(TransportAddress to)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = new CancellationTokenSource(Limit);
        await socket.ConnectAsync(to.ToIPEndPoint(), limit.Token);
        return socket;
    }

    public void Dispose() => listener.Dispose();
}

/// <summary>Reading and writing with a time limit.</summary>
internal static class TcpBytes
{
    public static async Task<byte[]> ReadAsync(this Socket socket, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var bytes = new byte[count];
        for (var filled = 0; filled < count;)
        {
            var read = await socket.ReceiveAsync(bytes.AsMemory(filled), limit.Token);
            Assert.True(read > 0, $"The end came after {filled} of {count} bytes.");
            filled += read;
        }

        return bytes;
    }

    public static async Task<byte[]> ReadExactlyAsync(this Stream stream, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, limit.Token);
        return bytes;
    }

    /// <returns>True for an orderly end, false for a reset.</returns>
    public static async Task<bool> EndsAsync(this Stream stream)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            Assert.Equal(0, await stream.ReadAsync(new byte[1], limit.Token));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <inheritdoc cref="EndsAsync(Stream)"/>
    public static async Task<bool> EndsAsync(this Socket socket)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1], limit.Token));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
