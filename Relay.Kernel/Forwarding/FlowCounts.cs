namespace NetDiscovery.Relay.Kernel.Forwarding;

/// <summary>
/// A counter word holds datagrams, bytes and "closed" together, so that one atomic addition counts a datagram whole or finds that it may not go:
/// bit 0 closed, bits 1 to 40 bytes of application data, bits 41 to 63 datagrams. Words only grow and wrap around; what counts is the
/// difference to the settled value, which the program keeps below half of the range by passing datagrams to the process meanwhile.
/// </summary>
internal static class FlowCounts
{
    /// <summary>Words of a flow: those to the peer, and one to the client.</summary>
    public const int Words = LaneLayout.Words + 1;

    /// <summary>Totals of an owner, in this order: bytes from client, to client, to peer, from peer; packets likewise.</summary>
    public const int Totals = 8;

    public const ulong Closed = 1;
    public const int BytesShift = 1;
    public const int DatagramsShift = 41;

    private const int BytesFromClient = 0, BytesToClient = 1, BytesToPeer = 2, BytesFromPeer = 3, Packets = 4;
    private const int ChannelHeader = 4;

    /// <summary>Adds what a word has grown by.</summary>
    /// <param name="word">0 to 3: to the peer, with that much padding; 4: to the client.</param>
    /// <param name="growth">The present value less the settled one, bit 0 clear.</param>
    /// <param name="totals">Takes it.</param>
    public static void Add(int word, ulong growth, Span<long> totals)
    {
        var datagrams = (long)(growth >> DatagramsShift);
        var bytes = (long)((growth & ((1UL << DatagramsShift) - 1)) >> BytesShift);
        if (word < LaneLayout.Words)
        {
            totals[BytesFromClient] += bytes + (datagrams * (ChannelHeader + word));
            totals[BytesToPeer] += bytes;
            totals[Packets + BytesFromClient] += datagrams;
            totals[Packets + BytesToPeer] += datagrams;
        }
        else
        {
            totals[BytesFromPeer] += bytes;
            totals[BytesToClient] += bytes + (datagrams * ChannelHeader);
            totals[Packets + BytesFromPeer] += datagrams;
            totals[Packets + BytesToClient] += datagrams;
        }
    }
}
