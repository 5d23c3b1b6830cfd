using System.Runtime.CompilerServices;

namespace NetDiscovery.Relay.Kernel.Forwarding;

/// <summary>A channel that the kernel forwards. Settling and closing it is its owner's, one thread at a time.</summary>
internal sealed unsafe class Flow
{
    private readonly FlowLayout* layout;

    internal Flow(int number, FlowLayout* layout, in FlowAddresses addresses)
    {
        Number = number;
        this.layout = layout;
        Addresses = addresses;
    }

    /// <summary>Between whom.</summary>
    public FlowAddresses Addresses { get; }

    /// <summary>Its place in the table.</summary>
    internal int Number { get; }

    /// <summary>Whether nothing is forwarded and counted any more.</summary>
    internal bool Closed { get; set; }

    internal FlowLayout* Layout => layout;

    /// <summary>When forwarding ends: nanoseconds of the monotonic clock. May be moved either way; a packet being forwarded at the moment may still see the old value.</summary>
    public ulong ExpiresAt
    {
        get => Volatile.Read(ref layout->ToPeer.ExpiresAt);
        set
        {
            Volatile.Write(ref layout->ToPeer.ExpiresAt, value);
            Volatile.Write(ref layout->ToClient.ExpiresAt, value);
        }
    }

    /// <summary>Adds to the owner's totals what was forwarded since the last time: exactly once, even when this process is killed in the middle.</summary>
    /// <param name="totals">The owner's totals, in the order of <see cref="FlowCounts"/>; nobody else may write them meanwhile.</param>
    /// <returns>Datagrams and bytes of application data added, both directions together.</returns>
    public (long Datagrams, long Bytes) Settle(Span<long> totals) => FlowSettlement.Settle(layout, totals);
}

/// <summary>How counts of the flow table get into totals that lie in other memory which, too, outlives the process.</summary>
internal static unsafe class FlowSettlement
{
    /// <inheritdoc cref="Flow.Settle"/>
    public static (long Datagrams, long Bytes) Settle(FlowLayout* flow, Span<long> totals)
    {
        ulong datagrams = 0, bytes = 0;
        var grown = false;
        Span<long> after = stackalloc long[FlowCounts.Totals];
        totals[..FlowCounts.Totals].CopyTo(after);
        for (var word = 0; word < FlowCounts.Words; word++)
        {
            var present = Volatile.Read(ref Count(flow, word)) & ~FlowCounts.Closed;
            var growth = present - Settled(flow, word);
            flow->Next[word] = present;
            if (growth != 0)
            {
                grown = true;
                FlowCounts.Add(word, growth, after);
                datagrams += growth >> FlowCounts.DatagramsShift;
                bytes += (growth & ((1UL << FlowCounts.DatagramsShift) - 1)) >> FlowCounts.BytesShift;
            }
        }

        if (!grown)
        {
            return default;
        }

        // First written down, then done: a killed process leaves either nothing, or what FinishPending does again with the same outcome.
        after.CopyTo(new Span<long>(flow->Totals, FlowCounts.Totals));
        Volatile.Write(ref flow->Pending, 1);
        FinishPending(flow, totals);
        return ((long)datagrams, (long)bytes);
    }

    /// <summary>Completes a settlement that was written down.</summary>
    public static void FinishPending(FlowLayout* flow, Span<long> totals)
    {
        if (Volatile.Read(ref flow->Pending) == 0)
        {
            return;
        }

        new ReadOnlySpan<long>(flow->Totals, FlowCounts.Totals).CopyTo(totals);
        for (var word = 0; word < FlowCounts.Words; word++)
        {
            Volatile.Write(ref Settled(flow, word), flow->Next[word]);
        }

        Volatile.Write(ref flow->Pending, 0);
    }

    /// <summary>Closes a flow: what is counted now is final, and nothing goes afterwards.</summary>
    public static void Close(FlowLayout* flow)
    {
        for (var word = 0; word < FlowCounts.Words; word++)
        {
            Interlocked.Or(ref Count(flow, word), FlowCounts.Closed);
        }
    }

    private static ref ulong Count(FlowLayout* flow, int word) =>
        ref Unsafe.AsRef<ulong>(word < LaneLayout.Words ? &flow->ToPeer.Counts[word] : &flow->ToClient.Counts[0]);

    private static ref ulong Settled(FlowLayout* flow, int word) =>
        ref Unsafe.AsRef<ulong>(word < LaneLayout.Words ? &flow->ToPeer.Settled[word] : &flow->ToClient.Settled[0]);
}
