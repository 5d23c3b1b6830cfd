using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using NetDiscovery.Relay.Allocations.Limits;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.PeerConnections;

/// <summary>
/// A client's data connection and a peer's connection, joined (RFC 6062 §5.4): bytes go through as they are, both ways. Each direction
/// reads only after it has written, so a slow reader stops its sender; memory is held only while bytes move, and nothing is allocated
/// per read. The end of one direction is passed on as such; an error ends both at once.
/// </summary>
/// <param name="connection">The peer's connection, claimed.</param>
/// <param name="client">The client's data connection; its owner disposes it.</param>
/// <param name="clientSocket">The socket below <paramref name="client"/>.</param>
internal sealed class Splice(PeerConnection connection, Stream client, Socket clientSocket)
{
    private const int ChunkSize = 64 * 1024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShareWait = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = connection.Worker.Gate;
    private bool ended;

    /// <summary>Bytes moved, both directions. Read inside the worker.</summary>
    public long Moved { get; private set; }

    /// <summary>Joins the two until both directions have ended. The peer's connection is closed afterwards.</summary>
    /// <param name="early">What came right behind the ConnectionBind request.</param>
    /// <param name="requestBytes">Size of the ConnectionBind request.</param>
    /// <param name="responseBytes">Size of its response.</param>
    public async Task RunAsync(ReadOnlyMemory<byte> early, int requestBytes, int responseBytes)
    {
        try
        {
            lock (gate)
            {
                if (!connection.TryBind(this, requestBytes, responseBytes))
                {
                    return;
                }
            }

            await using var peer = new NetworkStream(connection.Socket, ownsSocket: true);
            await Task.WhenAll(
                DirectAsync(client, peer, toPeer: true, early),
                DirectAsync(peer, client, toPeer: false, default)).ConfigureAwait(false);
        }
        finally
        {
            lock (gate)
            {
                connection.Close();
            }
        }
    }

    /// <summary>Ends the client's side: the peer's has ended. Called inside the worker of the allocation.</summary>
    public void CloseClient() => client.Close();

    private async Task DirectAsync(Stream from, Stream to, bool toPeer, ReadOnlyMemory<byte> early)
    {
        try
        {
            if (early.Length > 0 && connection.Allocation.Limits is { } limits)
            {
                await PaceAsync(limits, early.Length, toPeer).ConfigureAwait(false);
            }

            if (early.Length == 0 || (Count(early.Length, toPeer) && await WriteAsync(to, early).ConfigureAwait(false)))
            {
                await CopyAsync(from, to, toPeer).ConfigureAwait(false);
            }

            await EndAsync(toPeer).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // A side was reset, or the allocation has ended: neither side may take what it got for the whole.
            Abort();
        }
        catch
        {
            Abort();
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CopyAsync(Stream from, Stream to, bool toPeer)
    {
        while (true)
        {
            // Waits without memory: most connections are silent most of the time.
            await from.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false);
            var buffer = DatagramBuffers.Shared.Rent();
            try
            {
                var chunk = buffer.Memory[..ChunkSize];
                int count;
                do
                {
                    count = await from.ReadAsync(chunk).ConfigureAwait(false);
                    if (count > 0 && connection.Allocation.Limits is { } limits)
                    {
                        await PaceAsync(limits, count, toPeer).ConfigureAwait(false);
                    }

                    if (count == 0 || !Count(count, toPeer))
                    {
                        return;
                    }

                    await to.WriteAsync(chunk[..count]).ConfigureAwait(false);
                }
                while (count == ChunkSize);
            }
            finally
            {
                DatagramBuffers.Shared.Return(buffer);
            }
        }
    }

    /// <summary>Waits as long as the limits ask. Only what has a limit comes here.</summary>
    /// <exception cref="IOException">The bytes of the month are used up: the stream ends by a reset.</exception>
    private async ValueTask PaceAsync(TrafficLimits limits, int bytes, bool toPeer)
    {
        var time = connection.Worker.Services.Time;
        TimeSpan wait;
        do
        {
            if (!limits.TryPassStream(bytes, toPeer, Stopwatch.GetTimestamp(), out wait))
            {
                throw new IOException("The tenant's bytes of the month are used up.");
            }

            for (var left = wait; left != TimeSpan.Zero; left = left > LongestWait ? left - LongestWait : TimeSpan.Zero)
            {
                await Task.Delay(left > LongestWait ? LongestWait : left < TimeSpan.Zero ? ShareWait : left, time).ConfigureAwait(false);
                if (connection.State != PeerConnectionState.Bound)
                {
                    return;
                }
            }
        }
        while (wait < TimeSpan.Zero);
    }

    private static async ValueTask<bool> WriteAsync(Stream to, ReadOnlyMemory<byte> bytes)
    {
        await to.WriteAsync(bytes).ConfigureAwait(false);
        return true;
    }

    // Counted before they are written: once the other side has them, so has the count.
    private bool Count(int bytes, bool toPeer)
    {
        lock (gate)
        {
            if (connection.State != PeerConnectionState.Bound)
            {
                return false;
            }

            Moved += bytes;
            connection.Worker.Media.CountStream(bytes);
            ref var counters = ref connection.Allocation.Counters;
            if (toPeer)
            {
                counters.BytesFromClient += bytes;
                counters.BytesToPeer += bytes;
            }
            else
            {
                counters.BytesFromPeer += bytes;
                counters.BytesToClient += bytes;
            }

            return true;
        }
    }

    private async ValueTask EndAsync(bool toPeer)
    {
        if (toPeer)
        {
            connection.Socket.Shutdown(SocketShutdown.Send);
        }
        else
        {
            if (client is SslStream tls)
            {
                await tls.ShutdownAsync().ConfigureAwait(false);
            }

            clientSocket.Shutdown(SocketShutdown.Send);
        }

        lock (gate)
        {
            if (!ended)
            {
                ended = true;
                connection.OnHalfClosed();
            }
        }
    }

    private void Abort()
    {
        lock (gate)
        {
            if (connection.State == PeerConnectionState.Bound)
            {
                PeerConnection.Reset(connection.Socket);
                PeerConnection.Reset(clientSocket);
                connection.Close();
            }
        }
    }
}
