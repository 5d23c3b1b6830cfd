using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Handover;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// Datagrams through batched system calls on 64-bit Linux: one thread waits for all sockets of a worker, reads what they have, enters the
/// worker's gate once for many datagrams, and sends what they led to together. Nothing is allocated per datagram. The worker's clients over TCP
/// wait with it.
/// </summary>
/// <param name="gate">The worker's gate.</param>
/// <param name="onFault">Told of an error that a sink let through; it costs one datagram.</param>
internal sealed class BatchedDatagramPath(Lock gate, Action<Exception> onFault, bool realtime) : IDatagramPath
{
    /// <summary>As the log shows it.</summary>
    public const string Name = "batched system calls";

    // Datagrams handled before others may have the gate, and before what they led to is sent.
    private const int Batch = 64;

    // Messages taken from one socket before the next has its turn.
    private const int Turn = 32;

    // Errors of earlier sends, told by the next receive, that are skipped at once.
    private const int MaxErrors = 4;

    // Kept errors taken from one socket before the next has its turn; the system tells of the rest again.
    private const int MaxKeptErrors = 16;

    // Streams that have their turn before datagrams have theirs again.
    private const int StreamsAtATime = 8;

    private readonly Epoll epoll = new();
    private readonly ArrivalBatch arrivals = new();
    private readonly ErrorQueue errorQueue = new();
    private readonly WatchTable watched = new();
    private readonly ConcurrentQueue<DataPathStream> streams = new();
    private readonly List<IBatchMember> members = [];
    private List<BatchedDatagramSocket> unfinished = [];
    private List<BatchedDatagramSocket> continued = [];
    private int threadId;
    private bool started;
    private bool disposed;

    /// <summary>Held while anything here is touched.</summary>
    public Lock Gate => gate;

    /// <summary>What is sent at the end of the batch.</summary>
    internal DepartureQueue Departures { get; } = new();

    /// <summary>True while a batch is handled: what is sent then waits for its end.</summary>
    internal bool Batching { get; private set; }

    public DepartureLog? Log
    {
        get => Departures.Log;
        set => Departures.Log = value!;
    }

    public InheritedSockets? Inherited { get; set; }

    public bool Coalesces { get; set; } = true;

    public void Settle() => Departures.FlushAll();

    public void Freeze()
    {
        Departures.FlushAll();
        disposed = true;
        if (started)
        {
            epoll.Wake();
        }
    }

    public IDatagramSocket? TryOpen(in TransportAddress local, PortSharing sharing, int bufferBytes, IDatagramSink sink, out SocketError error)
    {
        if (Inherited is not null && Inherited.TryTake(local, out var inherited))
        {
            error = SocketError.Success;
            return new BatchedDatagramSocket(this, inherited, local, sink);
        }

        var descriptor = SocketOpener.TryOpen(local, sharing, bufferBytes, Coalesces, out var bound, out error);
        return descriptor < 0 ? null : new BatchedDatagramSocket(this, descriptor, bound, sink);
    }

    public void BeginBatch() => Batching = !disposed;

    public void EndBatch()
    {
        Departures.FlushAll();
        Batching = false;

        // None of them begins a batch or joins one.
        foreach (var member in members)
        {
            member.OnBatchEnd();
        }

        members.Clear();
    }

    public void AtBatchEnd(IBatchMember member)
    {
        if (Batching)
        {
            members.Add(member);
        }
        else
        {
            member.OnBatchEnd();
        }
    }

    public Stream Carry(Socket accepted)
    {
        var stream = new DataPathStream(this, accepted);
        lock (gate)
        {
            if (!disposed)
            {
                if (TryWatch(stream, stream.Descriptor, DataPathStream.Events, out var key))
                {
                    stream.Key = key;
                    return stream;
                }

                watched.Remove(key);
            }
        }

        return new NetworkStream(accepted, ownsSocket: true);
    }

    /// <summary>Begins to deliver what a socket receives.</summary>
    internal void Watch(BatchedDatagramSocket socket)
    {
        lock (gate)
        {
            if (!TryWatch(socket, socket.Descriptor, LibC.EPOLLIN | LibC.EPOLLET, out var key))
            {
                // Out of kernel memory, or over the user's limit of watches: as if nothing ever arrived.
                onFault(new IOException($"A socket can't be watched: error {Marshal.GetLastSystemError()}"));
            }

            socket.Key = key;
        }
    }

    /// <summary>Forgets a socket that is about to be closed.</summary>
    internal void Forget(BatchedDatagramSocket socket) => watched.Remove(socket.Key);

    /// <summary>Forgets a connection that was closed. Called by the data path's thread.</summary>
    internal void Forget(DataPathStream stream)
    {
        lock (gate)
        {
            watched.Remove(stream.Key);
        }
    }

    /// <summary>Gives a connection a turn.</summary>
    internal void Queue(DataPathStream stream)
    {
        streams.Enqueue(stream);
        if (Environment.CurrentManagedThreadId != Volatile.Read(ref threadId))
        {
            epoll.Wake();
        }
    }

    // What its owner has received already counts as an event, so its key is known before the system's.
    private bool TryWatch(object owner, int descriptor, uint events, out ulong key)
    {
        key = watched.Add(owner);
        var added = epoll.Add(descriptor, key, events);
        if (!started)
        {
            started = true;
            new Thread(Run) { IsBackground = true, Name = "relay data path" }.Start();
        }

        return added;
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
            if (started)
            {
                epoll.Wake();
            }
            else
            {
                Free();
            }
        }
    }

    private void Run()
    {
        ThreadSlice.Shorten();
        var lead = realtime ? RealtimeLead.Take() : null;
        Volatile.Write(ref threadId, Environment.CurrentManagedThreadId);
        while (true)
        {
            (unfinished, continued) = (continued, unfinished);
            var events = epoll.Wait(block: continued.Count == 0 && streams.IsEmpty);
            var next = 0;
            do
            {
                lock (gate)
                {
                    if (disposed)
                    {
                        Free();
                        return;
                    }

                    ServeBatch(ref next, events);
                }

                ServeStreams();
            }
            while (next < events + continued.Count);
            continued.Clear();
            lead?.OnRound();
        }
    }

    private void ServeBatch(ref int next, int events)
    {
        var datagrams = 0;
        BeginBatch();
        try
        {
            for (; next < events + continued.Count && datagrams < Batch; next++)
            {
                if (next >= events)
                {
                    datagrams += Receive(continued[next - events]);
                }
                else if (watched.Find(epoll.KeyOf(next)) is var owner && owner is BatchedDatagramSocket socket)
                {
                    if (socket.ReportsIcmp && (epoll.EventsOf(next) & LibC.EPOLLERR) != 0)
                    {
                        TakeErrors(socket);
                    }

                    datagrams += Receive(socket);
                }
                else
                {
                    (owner as DataPathStream)?.OnEvent(epoll.EventsOf(next));
                }
            }
        }
        finally
        {
            EndBatch();
        }
    }

    // Outside the gate: what a read brings enters it as a batch of its own.
    private void ServeStreams()
    {
        for (var i = 0; i < StreamsAtATime && streams.TryDequeue(out var stream); i++)
        {
            stream.Serve();
        }
    }

    /// <summary>Tells a socket's sink of the ICMP errors kept for it.</summary>
    /// <param name="socket">The socket.</param>
    private void TakeErrors(BatchedDatagramSocket socket)
    {
        for (var i = 0; i < MaxKeptErrors && socket.Descriptor >= 0 && errorQueue.TryTake(socket.Descriptor, out var to, out var error, out var refused); i++)
        {
            if (refused)
            {
                // The system does not say to which port; and the datagram was tried twice.
                (to, socket.RefusedTo) = (socket.RefusedTo, default);
            }

            if (error.IcmpType == 0 || to.Port == 0)
            {
                continue;
            }

            try
            {
                socket.Sink.OnIcmp(to, error);
            }
            catch (Exception exception)
            {
                onFault(exception);
            }
        }
    }

    private int Receive(BatchedDatagramSocket socket)
    {
        if (socket.Descriptor < 0)
        {
            return 0;
        }

        socket.Unfinished = false;
        var messages = arrivals.Receive(socket.Descriptor, Turn);
        for (var errors = 0; messages < 0 && errors < MaxErrors && Marshal.GetLastSystemError() != LibC.EAGAIN; errors++)
        {
            messages = arrivals.Receive(socket.Descriptor, Turn);
        }

        var datagrams = 0;
        for (var i = 0; i < messages; i++)
        {
            if (arrivals.TryTake(i, out var from, out var segment, out var length))
            {
                datagrams += Deliver(socket, i, segment, length, from);
            }
        }

        if ((messages == Turn || (messages < 0 && socket.ReportsIcmp && Marshal.GetLastSystemError() != LibC.EAGAIN)) && !socket.Unfinished)
        {
            // Edge-triggered: nothing would tell of what is left.
            socket.Unfinished = true;
            unfinished.Add(socket);
        }

        return datagrams;
    }

    private int Deliver(BatchedDatagramSocket socket, int message, int segment, int length, in TransportAddress from)
    {
        var offset = 0;
        var datagrams = 0;
        do
        {
            var size = Math.Min(segment, length - offset);
            var buffer = arrivals.Buffer(message, offset);

            // The sink may write behind the datagram, where the next one of the same message begins.
            ref var behind = ref buffer[DatagramBuffers.Headroom + size];
            var kept = Unsafe.ReadUnaligned<ulong>(ref behind);
            try
            {
                socket.Sink.OnDatagram(buffer, size, from);
            }
            catch (Exception exception)
            {
                onFault(exception);
            }

            Unsafe.WriteUnaligned(ref behind, kept);
            offset += size;
            datagrams++;
        }
        while (offset < length && socket.Descriptor >= 0);
        return datagrams;
    }

    private void Free()
    {
        epoll.Dispose();
        arrivals.Dispose();
        errorQueue.Dispose();
        Departures.Dispose();
    }
}
