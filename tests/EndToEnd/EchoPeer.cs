using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.EndToEnd;

/// <summary>A peer that sends every datagram back and counts both directions: the truth that usage is compared with.</summary>
internal sealed class EchoPeer : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private long _bytesReceived, _bytesSent, _packetsReceived, _packetsSent;

    /// <param name="address">An address of this machine; null for loopback.</param>
    public EchoPeer(IPAddress? address = null)
    {
        _socket.ReceiveBufferSize = 4 << 20;
        _socket.Bind(new IPEndPoint(address ?? IPAddress.Loopback, 0));
        _loop = EchoAsync();
    }

    public IPEndPoint Address => (IPEndPoint)_socket.LocalEndPoint!;

    public int Port => Address.Port;

    public long BytesReceived => Interlocked.Read(ref _bytesReceived);

    public long BytesSent => Interlocked.Read(ref _bytesSent);

    public long PacketsReceived => Interlocked.Read(ref _packetsReceived);

    public long PacketsSent => Interlocked.Read(ref _packetsSent);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task EchoAsync()
    {
        var buffer = new byte[65_536];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        try
        {
            while (true)
            {
                var length = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, from, _stop.Token);
                Interlocked.Add(ref _bytesReceived, length);
                Interlocked.Increment(ref _packetsReceived);
                await _socket.SendToAsync(buffer.AsMemory(0, length), SocketFlags.None, from, _stop.Token);
                Interlocked.Add(ref _bytesSent, length);
                Interlocked.Increment(ref _packetsSent);
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
    }
}
