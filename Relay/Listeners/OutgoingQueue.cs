using System.Buffers;
using System.Threading.Tasks.Sources;

namespace NetDiscovery.Relay.Listeners;

/// <summary>
/// Bytes on their way to one stream client: a worker appends, one sending loop takes all there is. Memory is held only while there is
/// something to send; the loop is woken without allocating, on the thread that appended, at the end of a batch: what one batch brings leaves
/// together.
/// </summary>
/// <param name="gate">The worker's gate; held by every caller but <see cref="WaitAsync"/>.</param>
/// <param name="path">The worker's datagrams, which come in batches.</param>
/// <param name="limits">Bounds the memory of all queues together.</param>
internal sealed class OutgoingQueue(Lock gate, IDatagramPath path, ConnectionLimits limits) : IValueTaskSource, IBatchMember
{
    private const int SmallestBuffer = 4096;
    private ManualResetValueTaskSourceCore<bool> wake;
    private byte[] filling = [];
    private byte[] sending = [];
    private bool waiting;
    private bool waking;
    private bool finished;
    private bool closed;

    /// <summary>Bytes queued and not yet taken.</summary>
    public int Length { get; private set; }

    /// <summary>Appends one message.</summary>
    /// <param name="message">Copied.</param>
    /// <param name="limit">Most bytes queued.</param>
    /// <param name="trusted">True for a client with an allocation (<see cref="ConnectionLimits.TryBuffer"/>).</param>
    /// <returns>False when it does not fit; nothing was appended.</returns>
    public bool TryAppend(ReadOnlySpan<byte> message, int limit, bool trusted)
    {
        if (closed || finished || Length + message.Length > limit || !TryGrow(Length + message.Length, trusted))
        {
            return false;
        }

        message.CopyTo(filling.AsSpan(Length));
        Length += message.Length;
        if (waiting && !waking)
        {
            waking = true;
            path.AtBatchEnd(this);
        }

        return true;
    }

    /// <inheritdoc/>
    public void OnBatchEnd()
    {
        waking = false;
        Wake();
    }

    /// <summary>Waits until there is something to send. One caller at a time, outside the gate.</summary>
    public ValueTask WaitAsync()
    {
        lock (gate)
        {
            if (Length > 0 || closed || finished)
            {
                return ValueTask.CompletedTask;
            }

            wake.Reset();
            waiting = true;
            return new ValueTask(this, wake.Version);
        }
    }

    /// <summary>Takes all queued bytes; they are the caller's until it takes again.</summary>
    /// <returns>False when the queue was closed, or was finished and is empty.</returns>
    public bool TryTake(out ReadOnlyMemory<byte> bytes)
    {
        lock (gate)
        {
            Release(ref sending);
            (sending, filling) = (filling, sending);
            bytes = sending.AsMemory(0, Length);
            Length = 0;
            return !closed && !(finished && bytes.IsEmpty);
        }
    }

    /// <summary>Takes no more; the sending loop ends once what is queued was taken.</summary>
    public void Finish()
    {
        finished = true;
        Wake();
    }

    /// <summary>Ends the queue and wakes the sending loop; the loop then calls <see cref="TryTake"/> a last time, which frees the memory.</summary>
    public void Close()
    {
        closed = true;
        Length = 0;
        Release(ref filling);
        Wake();
    }

    void IValueTaskSource.GetResult(short token) => wake.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => wake.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        wake.OnCompleted(continuation, state, token, flags);

    private void Wake()
    {
        if (waiting)
        {
            waiting = false;
            wake.SetResult(true);
        }
    }

    private bool TryGrow(int needed, bool trusted)
    {
        if (needed <= filling.Length)
        {
            return true;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(SmallestBuffer, needed + (needed / 2)));
        if (!limits.TryBuffer(larger.Length, trusted))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        filling.AsSpan(0, Length).CopyTo(larger);
        Release(ref filling);
        filling = larger;
        return true;
    }

    private void Release(ref byte[] buffer)
    {
        if (buffer.Length > 0)
        {
            limits.Unbuffer(buffer.Length);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = [];
        }
    }
}
