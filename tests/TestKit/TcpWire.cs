using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace NetDiscovery.TestKit;

/// <summary>Carries TCP connections from a port of its own to another of this machine, while it is whole; slowly, if told so.</summary>
public sealed class TcpWire : IAsyncDisposable
{
    private const int BufferBytes = 65_536;
    private const int ChunksUnderWay = 1_024;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Lock gate = new();
    private readonly List<TcpClient> carried = [];
    private readonly TimeSpan oneWay;
    private readonly Task accepting;
    private bool broken;

    /// <summary>Starts to carry.</summary>
    /// <param name="port">Where connections go to; nobody needs to listen there yet.</param>
    /// <param name="oneWay">How long bytes are under way in each direction.</param>
    public TcpWire(int port, TimeSpan oneWay = default)
    {
        this.oneWay = oneWay;
        listener.Start();
        accepting = AcceptAsync(port);
    }

    /// <summary>Where connections come from, as an address of HTTP.</summary>
    public string Url => $"http://{listener.LocalEndpoint}";

    /// <summary>Ends all connections, and every new one at once.</summary>
    public void Break()
    {
        List<TcpClient> cut;
        lock (gate)
        {
            broken = true;
            cut = [.. carried];
            carried.Clear();
        }

        cut.ForEach(Cut);
    }

    /// <summary>New connections get through again.</summary>
    public void Mend()
    {
        lock (gate)
        {
            broken = false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await accepting;
        Break();
    }

    private static void Cut(TcpClient client)
    {
        try
        {
            // Null when it has just ended by itself.
            if (client.Client is { } socket)
            {
                socket.LingerState = new LingerOption(true, 0);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Likewise.
        }

        client.Dispose();
    }

    private async Task AcceptAsync(int port)
    {
        try
        {
            while (true)
            {
                _ = CarryAsync(await listener.AcceptTcpClientAsync(), port);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task CarryAsync(TcpClient near, int port)
    {
        var far = new TcpClient { NoDelay = true };
        near.NoDelay = true;
        try
        {
            lock (gate)
            {
                if (broken)
                {
                    return;
                }

                carried.Add(near);
                carried.Add(far);
            }

            await far.ConnectAsync(IPAddress.Loopback, port);
            await Task.WhenAny(CopyAsync(near, far), CopyAsync(far, near));
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut, or nobody listens yet.
        }
        finally
        {
            lock (gate)
            {
                carried.Remove(near);
                carried.Remove(far);
            }

            near.Dispose();
            far.Dispose();
        }
    }

    /// <summary>Returns when either side is gone.</summary>
    private async Task CopyAsync(TcpClient from, TcpClient to)
    {
        var underWay = Channel.CreateBounded<(byte[] Bytes, long SentAt)>(ChunksUnderWay);
        var delivering = DeliverAsync(underWay.Reader, to.GetStream());
        try
        {
            var source = from.GetStream();
            var buffer = new byte[BufferBytes];
            while (await source.ReadAsync(buffer) is > 0 and var count)
            {
                await underWay.Writer.WriteAsync((buffer[..count], Stopwatch.GetTimestamp()));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Cut.
        }

        underWay.Writer.Complete();
        await delivering;
    }

    private async Task DeliverAsync(ChannelReader<(byte[] Bytes, long SentAt)> arriving, NetworkStream to)
    {
        try
        {
            await foreach (var (bytes, sentAt) in arriving.ReadAllAsync())
            {
                var left = oneWay - Stopwatch.GetElapsedTime(sentAt);
                if (left > TimeSpan.Zero)
                {
                    await Task.Delay(left);
                }

                await to.WriteAsync(bytes);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Cut.
        }
    }
}
