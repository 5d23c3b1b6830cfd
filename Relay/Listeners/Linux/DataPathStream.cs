using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// A TCP connection that waits with its worker's datagrams: the data path's thread reads, and goes on with what was read, without a hop to a
/// thread of the pool. Connections take turns, one read each, so that a client that never stops sending keeps nobody waiting. Nothing is
/// allocated per read or write. One read and one write at a time; a wait ends early only when the stream is closed.
/// </summary>
/// <param name="path">Whose thread waits.</param>
/// <param name="socket">Connected; the stream's from now on.</param>
internal sealed unsafe class DataPathStream(BatchedDatagramPath path, Socket socket) : Stream
{
    /// <summary>The events it waits for. With edges: whoever is told of one remembers it.</summary>
    public const uint Events = LibC.EPOLLIN | LibC.EPOLLOUT | LibC.EPOLLRDHUP | LibC.EPOLLET;

    private readonly Lock gate = new();
    private readonly Pending reading = new();
    private readonly Pending writing = new();
    private bool readable;
    private bool writable;
    private bool ended;
    private bool queued;
    private bool closed;

    /// <summary>What events of it carry.</summary>
    public ulong Key { get; set; }

    /// <summary>The system's number for the connection.</summary>
    public int Descriptor => (int)socket.Handle;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads what there is. With no room at all it waits until there is something to read.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            reading.Begin(buffer);
            if (readable)
            {
                Queue();
            }

            return new ValueTask<int>(reading, reading.Version);
        }
    }

    /// <summary>Writes all of it: at once, on the caller's thread, as far as the connection takes it.</summary>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (buffer.IsEmpty)
            {
                return ValueTask.CompletedTask;
            }

            writing.Begin(MemoryMarshal.AsMemory(buffer));
            if (!TrySend())
            {
                return new ValueTask(writing, writing.Version);
            }

            writing.Active = false;
            return writing.Error is { } error ? ValueTask.FromException(error) : ValueTask.CompletedTask;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Nobody may wait here.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Nobody may wait here.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
        // Nothing is kept back.
    }

    /// <summary>Takes note of an event. Called by the data path's thread.</summary>
    internal void OnEvent(uint events)
    {
        const uint Ended = LibC.EPOLLRDHUP | LibC.EPOLLHUP | LibC.EPOLLERR;
        lock (gate)
        {
            ended |= (events & Ended) != 0;
            readable |= (events & (LibC.EPOLLIN | Ended)) != 0;
            writable |= (events & (LibC.EPOLLOUT | Ended)) != 0;
            if ((reading.Active && readable) || (writing.Active && writable))
            {
                Queue();
            }
        }
    }

    /// <summary>One turn: reads once and goes on writing. Called by the data path's thread, outside its worker; what waits for it continues here.</summary>
    internal void Serve()
    {
        bool read, written, left;
        lock (gate)
        {
            queued = false;
            left = closed;
            read = reading.Active && readable && TryReceive();
            written = writing.Active && writable && TrySend();
            reading.Active &= !read;
            writing.Active &= !written;
        }

        if (left)
        {
            path.Forget(this);
        }

        if (written)
        {
            writing.Complete();
        }

        if (read)
        {
            reading.Complete();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            bool read, written;
            lock (gate)
            {
                if (closed)
                {
                    return;
                }

                (closed, read, written) = (true, reading.Active, writing.Active);
                (reading.Active, writing.Active) = (false, false);
                try
                {
                    socket.Shutdown(SocketShutdown.Both);
                }
                catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
                {
                    // Gone already.
                }

                socket.Dispose();

                // Forgotten by the thread that may be told of it still: whoever closes may hold the gate of another worker, where this one's must not be waited for.
                Queue();
            }

            // Whoever closes is in the middle of something.
            if (written)
            {
                writing.Fail(new ObjectDisposedException(nameof(DataPathStream)));
            }

            if (read)
            {
                reading.Fail(new ObjectDisposedException(nameof(DataPathStream)));
            }
        }

        base.Dispose(disposing);
    }

    private void Queue()
    {
        if (!queued)
        {
            queued = true;
            path.Queue(this);
        }
    }

    // True when the read has a result.
    private bool TryReceive()
    {
        if (reading.Left.IsEmpty)
        {
            return true;
        }

        var (count, error) = Call(&Receive, reading.Left.Span);
        if (count >= 0)
        {
            // Less than there is room for was all there is; who closed or failed is at its end until all was read.
            readable = ended || count == reading.Left.Length;
            reading.Count = count;
            return true;
        }

        readable = error != LibC.EAGAIN;
        return reading.TryFail(error);
    }

    // True when all is written, or it can't be.
    private bool TrySend()
    {
        while (true)
        {
            var (count, error) = Call(&Send, writing.Left.Span);
            if (count < 0)
            {
                writable = error != LibC.EAGAIN;
                return writing.TryFail(error);
            }

            writing.Left = writing.Left[count..];
            if (writing.Left.IsEmpty)
            {
                return true;
            }
        }
    }

    private static nint Receive(int descriptor, byte* bytes, nuint size) => LibC.Receive(descriptor, bytes, size, LibC.MSG_DONTWAIT);

    private static nint Send(int descriptor, byte* bytes, nuint size) => LibC.SendTo(descriptor, bytes, size, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL, null, 0);

    // The socket may be reset from elsewhere at any time: its number must not be somebody else's meanwhile.
    private (int Count, int Error) Call(delegate*<int, byte*, nuint, nint> call, Span<byte> bytes)
    {
        var held = false;
        try
        {
            socket.SafeHandle.DangerousAddRef(ref held);
            fixed (byte* start = bytes)
            {
                while (true)
                {
                    var count = (int)call((int)socket.SafeHandle.DangerousGetHandle(), start, (nuint)bytes.Length);
                    var error = count < 0 ? Marshal.GetLastSystemError() : 0;
                    if (error != LibC.EINTR)
                    {
                        return (count, error);
                    }
                }
            }
        }
        catch (ObjectDisposedException)
        {
            return (-1, LibC.EBADF);
        }
        finally
        {
            if (held)
            {
                socket.SafeHandle.DangerousRelease();
            }
        }
    }

    /// <summary>A read or a write that may have to wait. Touched inside the stream's gate, but for its end.</summary>
    private sealed class Pending : IValueTaskSource<int>, IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<int> source;

        /// <summary>True while somebody waits for it.</summary>
        public bool Active { get; set; }

        /// <summary>Where to read to, or what is still to be written.</summary>
        public Memory<byte> Left { get; set; }

        /// <summary>Bytes read.</summary>
        public int Count { get; set; }

        /// <summary>Why it failed.</summary>
        public Exception? Error { get; private set; }

        public short Version => source.Version;

        public void Begin(Memory<byte> bytes)
        {
            if (Active)
            {
                throw new InvalidOperationException("One read and one write at a time.");
            }

            source.Reset();
            (Active, Left, Count, Error) = (true, bytes, 0, null);
        }

        /// <returns>False when it only has to wait.</returns>
        public bool TryFail(int error)
        {
            if (error == LibC.EAGAIN)
            {
                return false;
            }

            Error = new IOException($"The connection failed: error {error}");
            return true;
        }

        /// <summary>Ends it; whoever waits goes on at once.</summary>
        public void Complete()
        {
            Left = default;
            if (Error is { } error)
            {
                source.SetException(error);
            }
            else
            {
                source.SetResult(Count);
            }
        }

        /// <summary>Ends it; whoever waits goes on elsewhere.</summary>
        public void Fail(Exception error)
        {
            Left = default;
            source.RunContinuationsAsynchronously = true;
            source.SetException(error);
        }

        public int GetResult(short token) => source.GetResult(token);

        void IValueTaskSource.GetResult(short token) => source.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => source.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => source.OnCompleted(continuation, state, token, flags);
    }
}
