using System.Net.Sockets;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Listeners.Linux;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Listeners.Linux;

/// <summary>A batched path with one socket on loopback, and a plain socket that talks to it.</summary>
internal sealed class BatchedPath : IDisposable
{
    private readonly BatchedDatagramPath path;

    public BatchedPath(IDatagramSink sink)
    {
        path = new BatchedDatagramPath(Gate, Faults.Add, realtime: false);
        Socket = path.TryOpen(TransportAddress.Parse("127.0.0.1:0"), PortSharing.None, 1 << 20, sink, out _)!;
        Other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20, ReceiveTimeout = 30_000 };
        Other.Bind(TransportAddress.Parse("127.0.0.1:0").ToIPEndPoint());
        Other.Connect(Socket.Local.ToIPEndPoint());
    }

    public Lock Gate { get; } = new();

    public List<Exception> Faults { get; } = [];

    public IDatagramSocket Socket { get; }

    public Socket Other { get; }

    public TransportAddress OtherAddress => TransportAddress.From((System.Net.IPEndPoint)Other.LocalEndPoint!);

    /// <summary>Sends so that the kernel delivers all datagrams of <paramref name="size"/> bytes, and a shorter last one, together.</summary>
    public void SendTogether(byte[] bytes, int size)
    {
        const int SolUdp = 17, UdpSegment = 103;
        Other.SetRawSocketOption(SolUdp, UdpSegment, BitConverter.GetBytes(size));
        Other.Send(bytes);
        Other.SetRawSocketOption(SolUdp, UdpSegment, BitConverter.GetBytes(0));
    }

    public Stream Carry(Socket accepted) => path.Carry(accepted);

    public byte[] Receive()
    {
        var buffer = new byte[70_000];
        return buffer[..Other.Receive(buffer)];
    }

    public void Dispose()
    {
        Socket.Dispose();
        lock (Gate)
        {
            path.Dispose();
        }

        Other.Dispose();
        Assert.Empty(Faults);
    }
}

/// <summary>A sink made of functions.</summary>
internal sealed class Sink(Action<byte[], TransportAddress> onDatagram) : IDatagramSink
{
    public Action<byte[], TransportAddress>? Unsent { get; set; }

    public void OnDatagram(Span<byte> buffer, int length, in TransportAddress from)
    {
        var datagram = buffer.Slice(DatagramBuffers.Headroom, length).ToArray();

        // All that a sink may write it does write.
        buffer[..DatagramBuffers.Headroom].Fill(0xEE);
        buffer.Slice(DatagramBuffers.Headroom + length, DatagramBuffers.Tailroom).Fill(0xEE);
        onDatagram(datagram, from);
    }

    public void OnUnsent(ReadOnlySpan<byte> datagram, in TransportAddress to, bool counted) => Unsent?.Invoke(datagram.ToArray(), to);
}
