using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>Tells the cluster of every allocation, from opening to end, and frees its journal slot when the cluster has confirmed the end.</summary>
internal sealed partial class AllocationReporter
{
    private readonly EventShard[] shards;
    private readonly ReportTable reports = new();
    private readonly AllocationJournal journal;
    private readonly TimeProvider time;
    private readonly ControlPlanePacing pacing;
    private readonly TimeSpan usageInterval;
    private readonly ILogger logger;

    public AllocationReporter(ICluster cluster, RelayIdentity relay, AllocationJournal journal, ControlPlanePacing pacing, TimeSpan usageInterval, TimeProvider time, ILogger<AllocationReporter> logger)
    {
        this.journal = journal;
        this.time = time;
        this.pacing = pacing;
        this.usageInterval = usageInterval;
        this.logger = logger;
        shards = [.. Enumerable.Range(0, GrainKeys.IngestShards).Select(number => new EventShard(number, cluster, relay, pacing, time, logger) { Confirmed = Confirm })];
    }

    /// <summary>Allocations whose end the cluster has not confirmed, live ones included.</summary>
    public int Unconfirmed => reports.Count;

    /// <summary>Begins to report a new allocation.</summary>
    /// <param name="slot">Its place in the journal.</param>
    /// <param name="identity">Who it is.</param>
    /// <param name="claims">The claims in <paramref name="identity"/>, read.</param>
    public AllocationReport Open(JournalSlot slot, SlotIdentity identity, CredentialClaims claims)
    {
        var report = Add(slot, identity, claims);
        report.Opened();
        return report;
    }

    /// <summary>Goes on to report an allocation of an earlier process.</summary>
    public AllocationReport Resume(JournalSlot slot, SlotIdentity identity) => Add(slot, identity, claims: null);

    /// <summary>Sends events and usage until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll([.. shards.Select(shard => shard.RunAsync(cancellation)), ObserveUsageAsync(cancellation)]);

    /// <summary>Waits until the cluster has confirmed the end of every allocation.</summary>
    /// <returns>False when that took too long; the journal keeps what is missing for the next start.</returns>
    public async Task<bool> DrainAsync()
    {
        var start = time.GetTimestamp();
        while (reports.Count > 0)
        {
            if (time.GetElapsedTime(start) > pacing.StopWithin)
            {
                LogLeft(reports.Count);
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), time);
        }

        return true;
    }

    private async Task ObserveUsageAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(usageInterval, time);
        do
        {
            foreach (var report in reports.All())
            {
                if (report.Slot.State == SlotState.Live)
                {
                    report.ObserveUsage();
                }
            }

            journal.MarkAlive(time.GetUtcNow());
            try
            {
                journal.Flush();
            }
            catch (IOException exception)
            {
                LogNotOnDisk(exception.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    private AllocationReport Add(JournalSlot slot, SlotIdentity identity, CredentialClaims? claims)
    {
        var report = new AllocationReport(slot, identity, claims, shards[GrainKeys.IngestShard(identity.Allocation)]);
        reports.Add(report);
        return report;
    }

    private void Confirm(AllocationReport report)
    {
        if (reports.TryRemove(report))
        {
            journal.Release(report.Slot);
        }
    }

    [LoggerMessage(1232, LogLevel.Warning, "{Count} allocations were not confirmed by the cluster; the journal keeps them for the next start")]
    private partial void LogLeft(int count);

    [LoggerMessage(1233, LogLevel.Warning, "The disk does not take the journal ({Problem}): a loss of power would cost usage and allocations. Tried again with the next usage reports")]
    private partial void LogNotOnDisk(string problem);
}
