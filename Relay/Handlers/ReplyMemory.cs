using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Handlers;

/// <summary>
/// Responses to requests that ended an allocation, or made one that has left the 5-tuple since, for as long as a client may send the request again (RFC 8489 §6.3.1: 40 s):
/// without the allocation nothing else would remember them. A ring, so bounded. Belongs to one worker.
/// </summary>
internal sealed class ReplyMemory
{
    private const int Capacity = 2048;
    private const long KeptTicks = 40 * TimingWheel.TicksPerSecond;

    private readonly Dictionary<(FiveTuple Tuple, TransactionId Transaction), Entry> byRequest = [];
    private readonly Queue<(FiveTuple Tuple, TransactionId Transaction)> order = new();

    /// <summary>Remembers a response.</summary>
    public void Add(in FiveTuple tuple, TransactionId transaction, ReadOnlySpan<byte> response, long now)
    {
        while (order.Count >= Capacity || (order.TryPeek(out var oldest) && byRequest[oldest].Until <= now))
        {
            byRequest.Remove(order.Dequeue());
        }

        if (byRequest.TryAdd((tuple, transaction), new Entry(response.ToArray(), now + KeptTicks)))
        {
            order.Enqueue((tuple, transaction));
        }
    }

    /// <summary>Finds the response to a request that came before.</summary>
    public bool TryGet(in FiveTuple tuple, TransactionId transaction, long now, out ReadOnlySpan<byte> response)
    {
        if (byRequest.TryGetValue((tuple, transaction), out var entry) && entry.Until > now)
        {
            response = entry.Response;
            return true;
        }

        response = default;
        return false;
    }

    private readonly record struct Entry(byte[] Response, long Until);
}
