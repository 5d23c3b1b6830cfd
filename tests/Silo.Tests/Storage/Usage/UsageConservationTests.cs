using System.Data.Common;
using System.Diagnostics;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Usage;

/// <summary>The law of the ledger: the sum of its rows is the sum of the sources' last totals, whatever is repeated, reordered, or retried.</summary>
public sealed class UsageConservationTests(PostgresServer server)
{
    private const int Sources = 60;
    private const int ReportsPerSource = 20;
    private const int Silos = 3;
    private const int WorkersPerSilo = 8;

    [Theory, Engines]
    public async Task Rows_sum_to_the_last_totals_under_duplicates_reordering_retries_and_sealing(StorageProvider engine)
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var time = new FixedTime(Report.Hour.AddHours(6));
        var histories = Histories(new Random(seed));
        var queues = Enumerable.Range(0, Silos).Select(_ => new UsageCommitQueue(database.Ledger(time), database.Metrics, TimeProvider.System)).ToArray();

        using var sealing = new CancellationTokenSource();
        var sealer = SealAsync(database.Ledger(time), sealing.Token);
        await Task.WhenAll(Enumerable.Range(0, Silos * WorkersPerSilo)
            .Select(worker => Task.Run(() => SendAsync(new Random(seed + worker), queues[worker % Silos], histories))));
        foreach (var history in histories)
        {
            await ReportAsync(queues[0], [history[^1]]);
        }

        await sealing.CancelAsync();
        await sealer;

        foreach (var tenantReports in histories.GroupBy(history => history[0].Keys.Tenant))
        {
            var expected = tenantReports.Aggregate(default(UsageTotals), (sum, history) => sum + history[^1].Totals);
            var page = await queues[0].QueryAsync(Report.Query(Report.Hour.AddDays(-1), Report.Hour.AddDays(1), UsageGranularity.Month, tenant: tenantReports.Key));
            Assert.True(expected == page.Rows.Single().Totals, $"seed {seed}: expected {expected}, found {page.Rows.Single().Totals}");
        }
    }

    /// <summary>Growing totals over several hours; a few tenants; ids in random order.</summary>
    private static UsageReport[][] Histories(Random random)
    {
        var tenants = Enumerable.Range(0, 4).Select(_ => TenantId.New()).ToArray();
        return [.. Enumerable.Range(0, Sources).Select(_ =>
        {
            var source = Guid.NewGuid();
            var keys = Report.Keys(tenants[random.Next(tenants.Length)], label: $"l{random.Next(3)}", transport: random.Next(2) == 0 ? "udp" : "tls");
            var bytes = 0L;
            return Enumerable.Range(1, ReportsPerSource)
                .Select(sequence => Report.At(Report.Hour.AddMinutes(sequence * 15 + random.Next(10)), source, sequence, keys, bytes += random.Next(10_000), bytes / 2))
                .ToArray();
        })];
    }

    private static async Task SendAsync(Random random, UsageCommitQueue queue, UsageReport[][] histories)
    {
        for (var batch = 0; batch < 30; batch++)
        {
            var reports = Enumerable.Range(0, random.Next(1, 40)).Select(_ =>
            {
                var history = histories[random.Next(Sources)];
                return history[random.Next(history.Length)];
            }).OrderBy(report => report.Sequence).ToArray();
            for (var attempts = random.Next(1, 4); attempts > 0; attempts--)
            {
                await ReportAsync(queue, reports);
            }
        }
    }

    /// <summary>Reports as a relay does: until it is confirmed, however often the store is too slow for its own time limits.</summary>
    private static async Task ReportAsync(UsageCommitQueue queue, UsageReport[] reports)
    {
        for (var patience = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            try
            {
                await queue.ApplyAsync(reports);
                return;
            }
            catch (Exception exception) when (exception is DbException or TimeoutException && patience.Elapsed < TimeSpan.FromMinutes(2))
            {
                // Booked or not: the next one finds out.
            }
        }
    }

    private static async Task SealAsync(IUsageStore ledger, CancellationToken cancellationToken)
    {
        var until = Report.Hour;
        while (!cancellationToken.IsCancellationRequested)
        {
            await ledger.SealAsync(until, 10, CancellationToken.None);
            until = until < Report.Hour.AddHours(4) ? until.AddMinutes(60) : until;
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
