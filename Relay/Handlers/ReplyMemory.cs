using System.Runtime.InteropServices;
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
    private const int UsualSize = 160;
    private const long KeptTicks = 40 * TimingWheel.TicksPerSecond;

    private readonly Dictionary<(FiveTuple Tuple, TransactionId Transaction), Entry> byRequest = [];
    private readonly Queue<(FiveTuple Tuple, TransactionId Transaction)> order = new();

    /// <summary>Remembers a response.</summary>
    public void Add(in FiveTuple tuple, TransactionId transaction, ReadOnlySpan<byte> response, long now)
    {
        // Kept for just about as long as the youngest generation lasts, each would be moved by the next collection; the room of the one that goes is taken again.
        byte[] room = [];
        while (order.Count >= Capacity || (order.TryPeek(out var oldest) && byRequest[oldest].Until <= now))
        {
            byRequest.Remove(order.Dequeue(), out var gone);
            room = gone.Room;
        }

        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(byRequest, (tuple, transaction), out var known);
        if (known)
        {
            return;
        }

        room = room.Length >= response.Length ? room : new byte[Math.Max(response.Length, UsualSize)];
        response.CopyTo(room);
        entry = new Entry(room, response.Length, now + KeptTicks);
        order.Enqueue((tuple, transaction));
    }

    /// <summary>Finds the response to a request that came before.</summary>
    public bool TryGet(in FiveTuple tuple, TransactionId transaction, long now, out ReadOnlySpan<byte> response)
    {
        if (byRequest.TryGetValue((tuple, transaction), out var entry) && entry.Until > now)
        {
            response = entry.Room.AsSpan(0, entry.Length);
            return true;
        }

        response = default;
        return false;
    }

    private readonly record struct Entry(byte[] Room, int Length, long Until);
}
