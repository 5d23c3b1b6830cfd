using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Usage;

public sealed class UsageSealingTests(PostgresServer server)
{
    private readonly TenantId tenant = TenantId.New();
    private readonly FixedTime time = new(Report.Hour.AddHours(3));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, Engines]
    public async Task Open_hours_are_not_exported(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);
        await ledger.ApplyAsync([Report.At(Report.Hour, Guid.NewGuid(), 1, Report.Keys(tenant), 100)]);

        Assert.Empty(await ledger.ExportAsync(null, 0, 100));
        await ledger.SealAsync(Report.Hour.AddHours(1), 100, Cancellation);
        Assert.Single(await ledger.ExportAsync(null, 0, 100));
    }

    [Theory, Engines]
    public async Task What_arrives_after_the_seal_becomes_an_adjustment_in_the_first_open_hour(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);
        var source = Guid.NewGuid();
        await ledger.ApplyAsync([Report.At(Report.Hour, source, 1, Report.Keys(tenant), 100)]);
        await ledger.SealAsync(Report.Hour.AddHours(2), 100, Cancellation);
        var before = await ledger.ExportAsync(null, 0, 100);

        await ledger.ApplyAsync([Report.At(Report.Hour.AddMinutes(59), source, 2, Report.Keys(tenant), 130)]);
        await ledger.ApplyAsync([Report.At(Report.Hour.AddHours(2), source, 3, Report.Keys(tenant), 137)]);

        Assert.Equal(before, await ledger.ExportAsync(null, 0, 100));
        await ledger.SealAsync(Report.Hour.AddHours(3), 100, Cancellation);
        var rows = await ledger.ExportAsync(null, before[^1].Cursor, 100);
        Assert.Equal(
            [(Report.Hour.AddHours(2), Report.Hour, 30), (Report.Hour.AddHours(2), (DateTimeOffset?)null, 7)],
            rows.OrderByDescending(row => row.AdjustsHour is not null).Select(row => (row.Hour, row.AdjustsHour, row.Totals.BytesFromClient)));
        Assert.Equal(Report.Hour, DateTimeOffset.Parse(
            (await database.ScalarAsync<object>("SELECT adjusts_hour FROM usage_hourly WHERE adjusts_hour IS NOT NULL")) switch
            {
                DateTime moment => moment.ToString("O"),
                var text => (string)text,
            }, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory, Engines]
    public async Task The_watermark_never_goes_back(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);

        await ledger.SealAsync(Report.Hour.AddHours(2), 100, Cancellation);
        await ledger.SealAsync(Report.Hour, 100, Cancellation);

        Assert.Equal(Report.Hour.AddHours(2), (await ledger.QueryAsync(Report.Query(Report.Hour, Report.Hour))).SealedUntil);
    }

    [Theory, Engines]
    public async Task Sealers_at_once_number_every_row_exactly_once_without_gaps(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);
        const int Rows = 500;
        await ledger.ApplyAsync([.. Enumerable.Range(0, Rows).Select(i => Report.At(Report.Hour.AddMinutes(i % 120), Guid.NewGuid(), 1, Report.Keys(tenant, label: $"l{i}"), 1 + i))]);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (await database.Ledger(time).SealAsync(Report.Hour.AddHours(2), 7, Cancellation) > 0)
            {
                // Until no row is left.
            }
        }, Cancellation)));

        var rows = await ledger.ExportAsync(null, 0, 10_000);
        Assert.Equal(Enumerable.Range(1, Rows).Select(i => (long)i), rows.Select(row => row.Cursor));
        Assert.Equal(Enumerable.Range(0, Rows).Sum(i => 1L + i), rows.Sum(row => row.Totals.BytesFromClient));
        Assert.Equal(rows.Select(row => row.Hour).Order(), rows.Select(row => row.Hour));
    }

    [Theory, Engines]
    public async Task Export_in_pages_gives_the_same_rows_as_at_once_and_again_later(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);
        var other = TenantId.New();
        await ledger.ApplyAsync([.. Enumerable.Range(0, 30).Select(i => Report.At(Report.Hour, Guid.NewGuid(), 1, Report.Keys(i % 3 == 0 ? other : tenant, label: $"l{i}"), 1 + i))]);
        await ledger.SealAsync(Report.Hour.AddHours(1), 100, Cancellation);
        var whole = await ledger.ExportAsync(null, 0, 1000);

        var paged = new List<LedgerRow>();
        while (await ledger.ExportAsync(null, paged.LastOrDefault()?.Cursor ?? 0, 7) is { Count: > 0 } page)
        {
            paged.AddRange(page);
        }

        await ledger.ApplyAsync([Report.At(Report.Hour, Guid.NewGuid(), 1, Report.Keys(tenant, label: "l1"), 5)]);
        await ledger.SealAsync(Report.Hour.AddHours(1), 100, Cancellation);
        Assert.Equal(30, whole.Count);
        Assert.Equal(whole, paged);
        Assert.Equal(whole, await ledger.ExportAsync(null, 0, 1000));
        Assert.Equal(whole.Where(row => row.Keys.Tenant == other), await ledger.ExportAsync(other, 0, 1000));
    }

    [Theory, Engines]
    public async Task Days_and_months_are_marked_sealed_once_they_have_ended_before_the_watermark(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = database.Ledger(time);
        await ledger.ApplyAsync([Report.At(Report.Hour, Guid.NewGuid(), 1, Report.Keys(tenant), 100)]);
        const string Sealed = "SELECT count(*) FROM usage_hourly h, usage_daily d, usage_monthly m WHERE CAST(CAST(h.sealed AS integer) * 100 + CAST(d.sealed AS integer) * 10 + CAST(m.sealed AS integer) AS integer) = ";

        Assert.Equal(1, await database.ScalarAsync<int>(Sealed + "0"));
        await ledger.SealAsync(Report.Hour.AddHours(1), 100, Cancellation);
        Assert.Equal(1, await database.ScalarAsync<int>(Sealed + "100"));
        await ledger.SealAsync(Report.Hour.AddHours(14), 100, Cancellation);
        Assert.Equal(1, await database.ScalarAsync<int>(Sealed + "110"));
        await ledger.SealAsync(new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero), 100, Cancellation);
        Assert.Equal(1, await database.ScalarAsync<int>(Sealed + "111"));
    }
}
