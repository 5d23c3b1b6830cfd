using Microsoft.Extensions.Options;
using NetDiscovery.Grains.Interfaces.Idempotency;
using NetDiscovery.Silo.Storage.Allocations;
using NetDiscovery.Silo.Storage.Audit;
using NetDiscovery.Silo.Storage.Usage;

namespace NetDiscovery.Silo.Storage;

/// <summary>Seals hours of the ledger, and deletes what is past its retention, a bounded bite at a time. Every silo does it; doing it at once is safe.</summary>
public sealed partial class StorageUpkeep(
    IUsageStore usage,
    UsageAdmission admission,
    IAllocationStore allocations,
    AuditStore audit,
    IOptions<UsageOptions> usageOptions,
    IOptions<StorageOptions> storageOptions,
    StorageMetrics metrics,
    TimeProvider time,
    ILogger<StorageUpkeep> logger) : BackgroundService
{
    private const int BiteRows = 5_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        for (var round = 0; await timer.WaitForNextTickAsync(stoppingToken); round++)
        {
            await TryAsync("seal usage hours", SealAsync, stoppingToken);
            if (round % 10 == 0)
            {
                await TryAsync("delete ended allocations", DeleteAllocationsAsync, stoppingToken);
            }

            if (round % 60 == 30)
            {
                await TryAsync("forget silent usage sources", DeleteSourcesAsync, stoppingToken);
                await TryAsync("delete old changes of accounts", DeleteAuditAsync, stoppingToken);
                await TryAsync("delete kept answers", DeleteAnswersAsync, stoppingToken);
            }
        }
    }

    /// <summary>Seals every hour whose grace has passed.</summary>
    public async Task SealAsync(CancellationToken cancellationToken)
    {
        var until = StorageTime.Hour(time.GetUtcNow() - TimeSpan.FromMinutes(usageOptions.Value.SealAfterMinutes));
        metrics.Sealed(await InBitesAsync(rows => usage.SealAsync(until, rows, cancellationToken), cancellationToken));
    }

    /// <summary>Deletes allocations that ended longer ago than their retention.</summary>
    public async Task DeleteAllocationsAsync(CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - TimeSpan.FromHours(storageOptions.Value.AllocationRetentionHours);
        metrics.Deleted("allocations", await InBitesAsync(rows => allocations.DeleteEndedAsync(before, rows, cancellationToken), cancellationToken));
    }

    /// <summary>Forgets usage sources that have been silent for longer than their retention.</summary>
    public async Task DeleteSourcesAsync(CancellationToken cancellationToken) =>
        metrics.Deleted("usage-sources", await InBitesAsync(rows => usage.DeleteSourcesAsync(admission.ForgetBefore, rows, cancellationToken), cancellationToken));

    /// <summary>Deletes changes of accounts past their retention.</summary>
    public async Task DeleteAuditAsync(CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - TimeSpan.FromDays(storageOptions.Value.AuditRetentionDays);
        metrics.Deleted("audit", await InBitesAsync(rows => audit.DeleteAsync(before, rows, cancellationToken), cancellationToken));
    }

    /// <summary>Deletes answers of repeatable requests that nobody may ask for any more.</summary>
    public async Task DeleteAnswersAsync(CancellationToken cancellationToken)
    {
        // By the database's clock they were written; an hour for the difference of the two.
        var before = time.GetUtcNow() - IdempotencyLimits.AnswerLife - TimeSpan.FromHours(1);
        metrics.Deleted("answers", await InBitesAsync(rows => audit.DeleteAnswersAsync(before, rows, cancellationToken), cancellationToken));
    }

    private static async Task<int> InBitesAsync(Func<int, Task<int>> bite, CancellationToken cancellationToken)
    {
        var total = 0;
        int rows;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows = await bite(BiteRows);
            total += rows;
        }
        while (rows == BiteRows);
        return total;
    }

    private async Task TryAsync(string work, Func<CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        try
        {
            await action(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The store may be away; the next round does what this one did not.
            LogFailed(logger, work, exception.Message);
        }
    }
}
