using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>Authenticated Bindings of one tenant, session, label and transport: a source of usage with running totals. Any thread.</summary>
/// <param name="keys">What the ledger's rows are about.</param>
/// <param name="now">The present.</param>
internal sealed class BindingCounter(UsageKeys keys, DateTimeOffset now)
{
    /// <summary>The ledger remembers every source for long: one that comes again soon keeps its id.</summary>
    public static readonly TimeSpan RetiredAfter = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private DateTimeOffset usedAt = now;
    private long count;
    private long confirmed;
    private long sequence;
    private bool retired;

    /// <summary>Who pays.</summary>
    public TenantId Tenant => keys.Tenant;

    /// <summary>Over which transport.</summary>
    public string Transport => keys.Transport;

    /// <summary>The source in the ledger: of this counter alone, never reused.</summary>
    public Guid Source { get; } = Guid.NewGuid();

    /// <returns>False when the counter was retired: count with another.</returns>
    public bool TryCount()
    {
        lock (gate)
        {
            count += retired ? 0 : 1;
            return !retired;
        }
    }

    /// <summary>The report to send, or null when everything counted is confirmed. Sent again after a failure it has a higher number and the newest total: both count once.</summary>
    public UsageReport? Report(DateTimeOffset at)
    {
        lock (gate)
        {
            if (count == confirmed)
            {
                return null;
            }

            usedAt = at;
            return new UsageReport(Source, ++sequence, keys, new UsageTotals { Bindings = count }, at);
        }
    }

    /// <summary>Notes that a report is in the ledger.</summary>
    public void Confirm(UsageReport report)
    {
        lock (gate)
        {
            confirmed = Math.Max(confirmed, report.Totals.Bindings);
        }
    }

    /// <returns>True when it was silent for <see cref="RetiredAfter"/> and nothing is left to report; nothing is counted here any more.</returns>
    public bool TryRetire(DateTimeOffset at)
    {
        lock (gate)
        {
            return retired = count == confirmed && at - usedAt >= RetiredAfter;
        }
    }
}
