using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Usage;

public sealed class UsageLedgerTests(PostgresServer server)
{
    private readonly TenantId tenant = TenantId.New();
    private readonly Guid source = Guid.NewGuid();
    private readonly FixedTime time = new(Report.Hour.AddHours(2));

    [Theory, Engines]
    public async Task A_report_sent_three_times_counts_once(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);
        var report = Report.At(Report.Hour, source, 1, Report.Keys(tenant), 100);

        await ledger.ApplyAsync([report]);
        await ledger.ApplyAsync([report]);
        await ledger.ApplyAsync([report, report]);

        Assert.Equal(100, (await SumAsync(database)).BytesFromClient);
    }

    [Theory, Engines]
    public async Task Running_totals_add_only_their_difference(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);

        await ledger.ApplyAsync([Report.At(Report.Hour, source, 1, Report.Keys(tenant), 100, 7)]);
        await ledger.ApplyAsync([Report.At(Report.Hour, source, 5, Report.Keys(tenant), 250, 7)]);

        var sum = await SumAsync(database);
        Assert.Equal((250, 7, 25), (sum.BytesFromClient, sum.BytesToClient, sum.PacketsFromClient));
    }

    [Theory, Engines]
    public async Task A_late_report_of_lower_sequence_changes_nothing(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);

        await ledger.ApplyAsync([Report.At(Report.Hour, source, 9, Report.Keys(tenant), 900)]);
        await ledger.ApplyAsync([Report.At(Report.Hour, source, 8, Report.Keys(tenant), 800)]);

        Assert.Equal(900, (await SumAsync(database)).BytesFromClient);
    }

    [Theory, Engines]
    public async Task Reports_of_two_hours_in_one_batch_give_each_hour_its_own_difference(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);

        await ledger.ApplyAsync([
            Report.At(Report.Hour.AddMinutes(10), source, 1, Report.Keys(tenant), 40),
            Report.At(Report.Hour.AddMinutes(59), source, 2, Report.Keys(tenant), 100),
            Report.At(Report.Hour.AddMinutes(61), source, 3, Report.Keys(tenant), 130),
            Report.At(Report.Hour.AddMinutes(90), source, 4, Report.Keys(tenant), 170)]);

        var page = await ledger.QueryAsync(Report.Query(Report.Hour, Report.Hour.AddHours(2)));
        Assert.Equal([100, 70], page.Rows.Select(row => row.Totals.BytesFromClient));
    }

    [Theory, Engines]
    public async Task A_source_keeps_the_keys_of_its_first_report(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);
        var other = TenantId.New();

        await ledger.ApplyAsync([Report.At(Report.Hour, source, 1, Report.Keys(tenant), 100)]);
        await ledger.ApplyAsync([Report.At(Report.Hour, source, 2, Report.Keys(other), 150)]);

        var page = await ledger.QueryAsync(Report.Query(Report.Hour, Report.Hour.AddHours(1), groups: UsageGroups.Tenant));
        Assert.Equal([(tenant, 150)], page.Rows.Select(row => (row.Tenant!.Value, row.Totals.BytesFromClient)));
    }

    [Theory, Engines]
    public async Task Totals_that_fall_add_nothing_and_are_counted_as_anomaly(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        using var anomalies = database.Count("netdiscovery.usage.anomalies");
        var ledger = database.Ledger(time);

        await ledger.ApplyAsync([Report.At(Report.Hour, source, 1, Report.Keys(tenant), 100)]);
        await ledger.ApplyAsync([Report.At(Report.Hour, source, 2, Report.Keys(tenant), 60)]);
        await ledger.ApplyAsync([Report.At(Report.Hour, source, 3, Report.Keys(tenant), 110)]);

        Assert.Equal(110, (await SumAsync(database)).BytesFromClient);
        Assert.Equal(1, anomalies.Total);
    }

    [Theory, Engines]
    public async Task A_report_from_a_clock_far_ahead_is_booked_to_the_hour_it_arrives_in(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);

        await ledger.ApplyAsync([Report.At(Report.Hour.AddYears(3), source, 1, Report.Keys(tenant), 100)]);

        var page = await ledger.QueryAsync(Report.Query(Report.Hour, Report.Hour.AddYears(4)));
        Assert.Equal([Report.Hour.AddHours(2)], page.Rows.Select(row => row.From));
    }

    [Theory, Engines]
    public async Task A_report_older_than_the_ledgers_memory_is_refused_and_counted(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        using var anomalies = database.Count("netdiscovery.usage.anomalies");
        var ledger = database.Ledger(time);
        var report = Report.At(Report.Hour, source, 1, Report.Keys(tenant), 100);
        await ledger.ApplyAsync([report]);

        time.Now = Report.Hour.AddDays(91);
        Assert.Equal(1, await ledger.DeleteSourcesAsync(Report.Hour.AddDays(1), 100, TestContext.Current.CancellationToken));
        await ledger.ApplyAsync([report]);

        Assert.Equal(100, (await SumAsync(database)).BytesFromClient);
        Assert.Equal(1, anomalies.Total);
    }

    [Theory, Engines]
    public async Task Keys_that_the_store_can_not_hold_are_booked_in_a_form_it_can(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);
        string[] labels = ["a\0b", "half \uD83D pair", new string('x', 5_000), "whole \U0001F600"];

        await ledger.ApplyAsync([.. labels.Select(label => Report.At(Report.Hour, Guid.NewGuid(), 1, Report.Keys(tenant, label: label), 100))]);

        var page = await ledger.QueryAsync(Report.Query(Report.Hour, Report.Hour.AddHours(1), groups: UsageGroups.Label));
        Assert.Equal(
            ["a\uFFFDb", "half \uFFFD pair", "whole \U0001F600", new string('x', 256)],
            page.Rows.Select(row => row.Label!).Order(StringComparer.Ordinal));
    }

    [Theory, Engines]
    public async Task Every_counter_reaches_its_own_column_and_comes_back(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);
        var totals = new UsageTotals
        {
            Allocations = 1, AllocationSeconds = 2, Sessions = 3, Bindings = 4, Tokens = 5, BytesFromClient = 6, BytesToClient = 7,
            BytesToPeer = 8, BytesFromPeer = 9, PacketsFromClient = 10, PacketsToClient = 11, PacketsToPeer = 12, PacketsFromPeer = 13,
        };

        await ledger.ApplyAsync([new UsageReport(source, 1, Report.Keys(tenant), totals, Report.Hour)]);

        Assert.Equal(totals, await SumAsync(database));
        Assert.Equal(13, await database.ScalarAsync<long>("SELECT client_bytes_both_directions FROM usage_hourly"));
        Assert.Equal(7, await database.ScalarAsync<long>("SELECT egress_to_client_bytes FROM usage_daily"));
        Assert.Equal(91, await database.ScalarAsync<long>(
            "SELECT allocations + allocation_seconds + sessions + bindings + tokens + bytes_from_client + bytes_to_client + bytes_to_peer + bytes_from_peer + packets_from_client + packets_to_client + packets_to_peer + packets_from_peer FROM usage_monthly"));
    }

    private async Task<UsageTotals> SumAsync(TestDatabase database)
    {
        var page = await database.Ledger(time).QueryAsync(Report.Query(Report.Hour.AddDays(-1), Report.Hour.AddDays(100), UsageGranularity.Day));
        return page.Rows.Aggregate(default(UsageTotals), (sum, row) => sum + row.Totals);
    }
}
