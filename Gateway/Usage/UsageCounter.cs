using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Usage;

/// <summary>One running total of this process: what it counted for one row of the ledger in one hour.</summary>
/// <param name="sourceId">The source the ledger knows it by.</param>
/// <param name="keys">The ledger row it belongs to.</param>
/// <param name="hour">The hour it counts in, so that a report sent after the hour still books to it.</param>
internal sealed class UsageCounter(Guid sourceId, UsageKeys keys, DateTimeOffset hour)
{
    /// <summary>The source the ledger knows it by.</summary>
    public Guid SourceId => sourceId;

    /// <summary>The tenant and the other keys.</summary>
    public UsageKeys Keys => keys;

    /// <summary>All that was counted.</summary>
    public UsageTotals Totals { get; private set; }

    /// <summary>Number of additions so far; the next report's sequence.</summary>
    public long Sequence { get; private set; }

    /// <summary>The sequence that the ledger has confirmed.</summary>
    public long Confirmed { get; private set; }

    /// <summary>When something was last added.</summary>
    public DateTimeOffset AddedAt { get; private set; } = hour;

    /// <summary>True when the ledger does not know everything yet.</summary>
    public bool IsPending => Sequence > Confirmed;

    /// <summary>Counts more.</summary>
    public void Add(UsageTotals more, DateTimeOffset now)
    {
        Totals += more;
        Sequence++;
        AddedAt = now;
    }

    /// <summary>What to tell the ledger now.</summary>
    public UsageReport Report() => new(sourceId, Sequence, keys, Totals, AddedAt);

    /// <summary>The ledger has the report of this sequence.</summary>
    public void Confirm(long sequence) => Confirmed = Math.Max(Confirmed, sequence);
}
