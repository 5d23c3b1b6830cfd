using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.Relay.Tests.Listeners.Tls;

/// <summary>Stands between one TLS client and the relay and counts the records of application data that the relay sends (RFC 8446 §5.1).</summary>
internal sealed class RecordCounter : IDisposable
{
    private const byte ApplicationData = 23;
    private const int HeaderSize = 5;
    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private int records;

    public RecordCounter(IPEndPoint relay)
    {
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _ = RunAsync(relay);
    }

    public IPEndPoint EndPoint => (IPEndPoint)listener.LocalEndPoint!;

    public int Records => Volatile.Read(ref records);

    public void Dispose() => listener.Dispose();

    private async Task RunAsync(IPEndPoint relay)
    {
        using var client = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);
        using var upstream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await upstream.ConnectAsync(relay);
        using var server = new NetworkStream(upstream);
        var up = client.CopyToAsync(server);
        var record = new byte[HeaderSize + 20_000];
        try
        {
            while (true)
            {
                await server.ReadExactlyAsync(record.AsMemory(0, HeaderSize));
                var size = BinaryPrimitives.ReadUInt16BigEndian(record.AsSpan(3));
                await server.ReadExactlyAsync(record.AsMemory(HeaderSize, size));
                if (record[0] == ApplicationData)
                {
                    Interlocked.Increment(ref records);
                }

                await client.WriteAsync(record.AsMemory(0, HeaderSize + size));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // One side left.
        }

        await up.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
