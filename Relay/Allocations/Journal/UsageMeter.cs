namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>
/// Counts what leads from one datagram to the next: where the path sends in batches, when the system has taken it; else at once. Belongs to one worker.
/// </summary>
/// <param name="log">Of the worker's path; null where sending is one step.</param>
internal sealed class UsageMeter(DepartureLog? log)
{
    private (JournalSlot Slot, Counted Kind, int Received, int Sent) current;

    /// <summary>Before sending: says what is about to be sent, and why.</summary>
    /// <param name="slot">The allocation.</param>
    /// <param name="kind">Which counters.</param>
    /// <param name="received">Bytes received that led to it.</param>
    /// <param name="sent">Bytes about to be sent.</param>
    public void Begin(JournalSlot slot, Counted kind, int received, int sent)
    {
        current = (slot, kind, received, sent);
        log?.Expect(slot, kind, received, sent);
    }

    /// <summary>After sending.</summary>
    /// <param name="sent">False when it was not taken.</param>
    public void End(bool sent)
    {
        if (log is null || log.TakeExpected())
        {
            current.Slot.Counters.Add(current.Kind, current.Received, current.Sent, sent);
        }
    }
}
