using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.EndToEnd;

/// <summary>
/// Stands between a client and the relay over UDP and counts application data that passes, with its own reading of RFC 8656:
/// a second opinion on what the ledger says.
/// </summary>
internal sealed class CountingProxy : IAsyncDisposable
{
    private const ushort SendIndication = 0x0016, DataIndication = 0x0017, DataAttribute = 0x0013;
    private readonly Socket _socket = Bind();
    private readonly IPEndPoint _relay;
    private readonly ConcurrentDictionary<IPEndPoint, Socket> _clients = new();
    private readonly ConcurrentBag<Task> _loops = [];
    private readonly CancellationTokenSource _stop = new();
    private long _bytesToPeer, _bytesFromPeer;

    public CountingProxy(int relayPort)
    {
        _relay = new IPEndPoint(IPAddress.Loopback, relayPort);
        _loops.Add(FromClientsAsync());
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public long BytesToPeer => Interlocked.Read(ref _bytesToPeer);

    public long BytesFromPeer => Interlocked.Read(ref _bytesFromPeer);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _socket.Dispose();
        foreach (var socket in _clients.Values)
        {
            socket.Dispose();
        }

        _stop.Dispose();
    }

    private async Task FromClientsAsync()
    {
        var buffer = new byte[65_536];
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                var client = (IPEndPoint)received.RemoteEndPoint;
                if (!_clients.TryGetValue(client, out var upstream))
                {
                    upstream = _clients[client] = Bind();
                    await upstream.ConnectAsync(_relay, _stop.Token);
                    _loops.Add(FromRelayAsync(upstream, client));
                }

                Interlocked.Add(ref _bytesToPeer, ApplicationBytes(buffer.AsSpan(0, received.ReceivedBytes), SendIndication));
                await upstream.SendAsync(buffer.AsMemory(0, received.ReceivedBytes), _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
    }

    private async Task FromRelayAsync(Socket upstream, IPEndPoint client)
    {
        var buffer = new byte[65_536];
        try
        {
            while (true)
            {
                var length = await upstream.ReceiveAsync(buffer, _stop.Token);
                Interlocked.Add(ref _bytesFromPeer, ApplicationBytes(buffer.AsSpan(0, length), DataIndication));
                await _socket.SendToAsync(buffer.AsMemory(0, length), client, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // disposed
        }
    }

    private static int ApplicationBytes(ReadOnlySpan<byte> datagram, ushort indication)
    {
        if (datagram.Length >= 4 && datagram[0] is >= 0x40 and <= 0x4f)
        {
            return BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        }

        if (datagram.Length < 20 || BinaryPrimitives.ReadUInt16BigEndian(datagram) != indication)
        {
            return 0;
        }

        for (var attributes = datagram[20..]; attributes.Length >= 4;)
        {
            int type = BinaryPrimitives.ReadUInt16BigEndian(attributes), length = BinaryPrimitives.ReadUInt16BigEndian(attributes[2..]);
            if (type == DataAttribute)
            {
                return length;
            }

            attributes = attributes[Math.Min(attributes.Length, 4 + ((length + 3) & ~3))..];
        }

        return 0;
    }

    private static Socket Bind()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4 << 20 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
