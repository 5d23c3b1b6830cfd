using System.Net.Sockets;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners.Tls;
using NetDiscovery.Relay.PeerConnections;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Listeners;

/// <summary>
/// One client over TCP or TLS. Its frames enter the worker one by one; what goes back is queued, bounded. The allocation over it ends with it.
/// A connection without an allocation has a deadline, so that strangers can't collect connections.
/// </summary>
internal sealed class StreamConnection : ClientLeg
{
    /// <summary>Longest frame of a client that never had an allocation, in bytes: more than any request needs.</summary>
    public const int MaxFrameOfStrangers = 2048;

    /// <summary>Bytes queued at most towards a client that never had an allocation; one that reads so slowly is ended.</summary>
    public const int MaxQueueOfStrangers = 8192;

    // What a stranger can make us keep of what it sends: one page.
    private const int ReadOfStrangers = 4096;

    private readonly Worker worker;
    private readonly Socket socket;
    private readonly Stream stream;
    private readonly RecordGatherer? records;
    private readonly FiveTuple tuple;
    private readonly ConnectionLimits limits;
    private readonly OutgoingQueue outgoing;
    private readonly Deadline deadline;
    private (PeerConnection Peer, int RequestBytes, int ResponseBytes)? join;
    private int allocations;
    private bool trusted;
    private bool closed;

    public StreamConnection(Worker worker, Socket socket, Stream stream, FiveTuple tuple, ConnectionLimits limits, RecordGatherer? records = null)
    {
        this.worker = worker;
        this.socket = socket;
        this.stream = stream;
        this.records = records;
        this.tuple = tuple;
        this.limits = limits;
        outgoing = new OutgoingQueue(worker.Gate, worker.Path, limits);
        deadline = new Deadline(this);
    }

    /// <inheritdoc/>
    public override Transport Transport => tuple.Transport;

    /// <summary>Serves the client until the connection ends.</summary>
    public async Task RunAsync()
    {
        lock (worker.Gate)
        {
            SetDeadline();
        }

        var sending = SendAsync();
        try
        {
            await ReceiveAsync(sending).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The client, or one of our limits, ended it.
        }
        finally
        {
            End();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await stream.DisposeAsync().ConfigureAwait(false);
            limits.Close(tuple.Client);
        }

        await sending.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override bool Send(ReadOnlySpan<byte> message, in TransportAddress client, bool droppable)
    {
        var limit = trusted ? worker.Services.Options.MaxBufferedBytes : MaxQueueOfStrangers;
        if (outgoing.TryAppend(message, droppable ? limit : limit + (limit / 4), trusted))
        {
            return true;
        }

        if (!droppable && !closed)
        {
            // A client that does not even read responses is of no use. Ended later: whoever sends is in the middle of something.
            worker.Services.Metrics.ConnectionRefused("buffered-bytes");
            worker.Wheel.Schedule(deadline, worker.Wheel.Now + 1);
        }

        return false;
    }

    /// <inheritdoc/>
    public override void OnAllocation(bool open)
    {
        allocations += open ? 1 : -1;
        trusted |= open;
        SetDeadline();
    }

    /// <summary>Makes the connection the other half of a peer's, once the response is sent (RFC 6062 §5.4). Called inside the worker.</summary>
    /// <param name="peer">The peer's connection, claimed for this one.</param>
    /// <param name="requestBytes">Size of the ConnectionBind request.</param>
    /// <param name="responseBytes">Size of its response.</param>
    public void Join(PeerConnection peer, int requestBytes, int responseBytes) => join = (peer, requestBytes, responseBytes);

    /// <summary>Ends the connection and the allocation over it. Called inside the worker.</summary>
    public void Close()
    {
        if (closed)
        {
            return;
        }

        closed = true;
        worker.OnLegClosed(tuple);
        worker.Wheel.Cancel(deadline);
        outgoing.Close();

        // Wakes the receiving loop; everything else happens there.
        stream.Close();
    }

    /// <summary>Ends the connection from outside its worker.</summary>
    public void End()
    {
        lock (worker.Gate)
        {
            Close();
        }
    }

    private void SetDeadline()
    {
        if (closed)
        {
            return;
        }

        if (allocations > 0)
        {
            worker.Wheel.Cancel(deadline);
        }
        else
        {
            worker.Wheel.Schedule(deadline, worker.Wheel.Now + ((long)worker.Services.Options.UnauthenticatedSeconds * TimingWheel.TicksPerSecond));
        }
    }

    private async Task ReceiveAsync(Task sending)
    {
        var buffer = DatagramBuffers.Shared.Rent();
        var filled = 0;
        try
        {
            while (true)
            {
                var count = await stream.ReadAsync(trusted ? buffer.Memory[filled..] : buffer.Memory[filled..ReadOfStrangers]).ConfigureAwait(false);
                if (count == 0)
                {
                    return;
                }

                filled += count;
                int consumed;
                lock (worker.Gate)
                {
                    if (closed || (consumed = TakeBatch(buffer.GetSpan()[..filled])) < 0)
                    {
                        return;
                    }
                }

                if (join is not null)
                {
                    // What came right behind the request is the peer's.
                    await JoinAsync(sending, buffer.Memory[consumed..filled]).ConfigureAwait(false);
                    return;
                }

                buffer.GetSpan()[consumed..filled].CopyTo(buffer.GetSpan());
                filled -= consumed;
            }
        }
        finally
        {
            DatagramBuffers.Shared.Return(buffer);
        }
    }

    private int TakeBatch(ReadOnlySpan<byte> bytes)
    {
        worker.Path.BeginBatch();
        try
        {
            return TakeFrames(bytes);
        }
        finally
        {
            worker.Path.EndBatch();
        }
    }

    /// <returns>Bytes consumed, or −1 when the stream makes no sense any more.</returns>
    private int TakeFrames(ReadOnlySpan<byte> bytes)
    {
        var consumed = 0;
        while (true)
        {
            switch (StreamFraming.TryMeasure(bytes[consumed..], trusted ? DatagramBuffers.MaxDatagram : MaxFrameOfStrangers, out _, out var size, worker.Services.Options.MaxChannel))
            {
                case FrameStatus.Complete:
                    worker.OnMessage(bytes.Slice(consumed, size), tuple, this);
                    consumed += size;
                    if (closed)
                    {
                        return -1;
                    }

                    if (join is not null)
                    {
                        return consumed;
                    }

                    break;
                case FrameStatus.Incomplete:
                    return consumed;
                default:
                    worker.Services.Metrics.Dropped(DropReason.Malformed);
                    return -1;
            }
        }
    }

    private async Task JoinAsync(Task sending, ReadOnlyMemory<byte> early)
    {
        var (peer, requestBytes, responseBytes) = join!.Value;
        try
        {
            lock (worker.Gate)
            {
                outgoing.Finish();
            }

            // The deadline still runs: a client that does not read its response must not keep the peer waiting.
            await sending.ConfigureAwait(false);
            lock (worker.Gate)
            {
                if (closed)
                {
                    return;
                }

                worker.Wheel.Cancel(deadline);
            }

            await new Splice(peer, stream, socket).RunAsync(early, requestBytes, responseBytes).ConfigureAwait(false);
        }
        finally
        {
            lock (peer.Worker.Gate)
            {
                peer.Close();
            }
        }
    }

    private int SizeOfFirst(ReadOnlySpan<byte> frames) =>
        StreamFraming.TryMeasure(frames, DatagramBuffers.MaxDatagram, out _, out var size, worker.Services.Options.MaxChannel) == FrameStatus.Complete ? size : frames.Length;

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                await outgoing.WaitAsync().ConfigureAwait(false);
                if (!outgoing.TryTake(out var bytes))
                {
                    return;
                }

                if (records is null)
                {
                    await stream.WriteAsync(bytes).ConfigureAwait(false);
                    continue;
                }

                // A record for each message, as coturn has it: its clients take a record for a message. A stranger gets no memory for that.
                for (var gather = trusted; !bytes.IsEmpty;)
                {
                    var size = SizeOfFirst(bytes.Span);
                    records.Gathering = gather && size < bytes.Length;
                    await stream.WriteAsync(bytes[..size]).ConfigureAwait(false);
                    bytes = bytes[size..];
                    if (bytes.IsEmpty || records.Length >= RecordGatherer.Enough)
                    {
                        await records.SendAsync().ConfigureAwait(false);
                    }
                }
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The receiving loop meets the end too, and closes; what is queued until then is refused.
            lock (worker.Gate)
            {
                outgoing.Close();
                outgoing.TryTake(out _);
            }
        }
    }

    private sealed class Deadline(StreamConnection connection) : WheelTimer
    {
        internal override void OnDue(long now)
        {
            connection.worker.Services.Metrics.ConnectionRefused("deadline");
            connection.Close();
        }
    }
}
