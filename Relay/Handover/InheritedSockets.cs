using NetDiscovery.Relay.Listeners.Linux;

namespace NetDiscovery.Relay.Handover;

/// <summary>Sockets that the process before this one had, until they are taken up. Thread-safe.</summary>
internal sealed class InheritedSockets : IDisposable
{
    private readonly Dictionary<TransportAddress, Queue<int>> waiting = [];
    private readonly Lock gate = new();

    public InheritedSockets(IEnumerable<HandedSocket> sockets)
    {
        foreach (var socket in sockets)
        {
            if (!waiting.TryGetValue(socket.Local, out var queue))
            {
                waiting[socket.Local] = queue = new Queue<int>();
            }

            queue.Enqueue(socket.Descriptor);
            Count++;
        }
    }

    /// <summary>How many there were.</summary>
    public int Count { get; }

    /// <returns>True when one that is bound there waits.</returns>
    public bool Has(in TransportAddress local)
    {
        lock (gate)
        {
            return waiting.ContainsKey(local);
        }
    }

    /// <summary>Takes one that is bound to <paramref name="local"/>; of several that share a port, in the order they were bound.</summary>
    public bool TryTake(in TransportAddress local, out int descriptor)
    {
        lock (gate)
        {
            if (!waiting.TryGetValue(local, out var queue))
            {
                descriptor = -1;
                return false;
            }

            descriptor = queue.Dequeue();
            if (queue.Count == 0)
            {
                waiting.Remove(local);
            }

            return true;
        }
    }

    /// <summary>Closes those nobody took.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var descriptor in waiting.Values.SelectMany(queue => queue))
            {
                _ = LibC.Close(descriptor);
            }

            waiting.Clear();
        }
    }
}
