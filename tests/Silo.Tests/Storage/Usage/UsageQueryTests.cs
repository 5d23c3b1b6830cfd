using System.Globalization;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Usage;

public sealed class UsageQueryTests(PostgresServer server)
{
    private static readonly DateTimeOffset Start = DateTimeOffset.Parse("2026-01-30T00:00:00Z", CultureInfo.InvariantCulture);
    private readonly TenantId tenant = TenantId.New();
    private readonly TenantId other = TenantId.New();
    private readonly FixedTime time = new(Start.AddDays(5));

    [Theory, Engines]
    public async Task Hours_days_and_months_sum_to_the_same(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = await FillAsync(database);

        var hours = await ledger.QueryAsync(Query(UsageGranularity.Hour));
        var days = await ledger.QueryAsync(Query(UsageGranularity.Day));
        var months = await ledger.QueryAsync(Query(UsageGranularity.Month));

        Assert.Equal(96, hours.Rows.Length);
        Assert.Equal([Start, Start.AddDays(1), Start.AddDays(2), Start.AddDays(3)], days.Rows.Select(row => row.From));
        Assert.All(days.Rows, row => Assert.Equal(row.From.AddDays(1), row.To));
        Assert.Equal(["2026-01-01 2026-02-01", "2026-02-01 2026-03-01"], months.Rows.Select(row => $"{row.From:yyyy-MM-dd} {row.To:yyyy-MM-dd}"));
        Assert.Single(new[] { hours, days, months }.Select(page => page.Rows.Sum(row => row.Totals.BytesFromClient)).Distinct());
        Assert.Equal(days.Rows.Take(2).Sum(row => row.Totals.BytesFromClient), months.Rows[0].Totals.BytesFromClient);
    }

    [Theory, Engines]
    public async Task Each_group_keeps_its_key_apart_and_sums_over_the_others(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = await FillAsync(database);
        var total = (await ledger.QueryAsync(Query(UsageGranularity.Month, tenantOnly: false))).Rows.Sum(row => row.Totals.BytesFromClient);

        foreach (var (group, key) in ((UsageGroups, Func<UsageRow, object?>)[])[
            (UsageGroups.Tenant, row => row.Tenant), (UsageGroups.Session, row => row.Session), (UsageGroups.Label, row => row.Label),
            (UsageGroups.Region, row => row.Region), (UsageGroups.Relay, row => row.RelayId), (UsageGroups.Transport, row => row.Transport)])
        {
            var page = await ledger.QueryAsync(Query(UsageGranularity.Month, group, tenantOnly: false));

            Assert.Equal(total, page.Rows.Sum(row => row.Totals.BytesFromClient));
            Assert.Equal(4, page.Rows.Length);
            Assert.All(page.Rows, row => Assert.NotNull(key(row)));
            Assert.All(page.Rows, row => Assert.Single(
                new object?[] { row.Tenant, row.Session, row.Label, row.Region, row.RelayId, row.Transport }, value => value is not null));
        }

        var all = await ledger.QueryAsync(Query(UsageGranularity.Month, (UsageGroups)63, tenantOnly: false));
        Assert.Equal(total, all.Rows.Sum(row => row.Totals.BytesFromClient));
    }

    [Theory, Engines]
    public async Task A_tenants_query_shows_nothing_of_another_and_a_sessions_only_that_session(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = await FillAsync(database);

        var own = await ledger.QueryAsync(Query(UsageGranularity.Month, UsageGroups.Tenant));
        var session = await ledger.QueryAsync(Report.Query(Start, Start.AddDays(4), UsageGranularity.Month, UsageGroups.Session, tenant, "SE1"));

        Assert.All(own.Rows, row => Assert.Equal(tenant, row.Tenant));
        Assert.All(session.Rows, row => Assert.Equal("SE1", row.Session));
        Assert.NotEmpty(session.Rows);
    }

    [Theory, Engines]
    public async Task From_is_rounded_down_and_to_is_rounded_up(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = await FillAsync(database);

        var page = await ledger.QueryAsync(Report.Query(Start.AddHours(23).AddMinutes(59), Start.AddDays(1).AddSeconds(1), UsageGranularity.Day, tenant: tenant));

        Assert.Equal([Start, Start.AddDays(1)], page.Rows.Select(row => row.From));
    }

    [Theory, Engines]
    public async Task Pages_follow_each_other_without_gap_or_overlap(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var ledger = await FillAsync(database);
        var whole = (await ledger.QueryAsync(Query(UsageGranularity.Hour, UsageGroups.Transport))).Rows;

        var paged = new List<UsageRow>();
        UsagePage page;
        do
        {
            page = await ledger.QueryAsync(Report.Query(Start, Start.AddDays(4), UsageGranularity.Hour, UsageGroups.Transport, tenant, offset: paged.Count, limit: 19));
            paged.AddRange(page.Rows);
        }
        while (page.More);

        Assert.Equal(whole, paged);
    }

    private UsageQuery Query(UsageGranularity granularity, UsageGroups groups = UsageGroups.None, bool tenantOnly = true) =>
        Report.Query(Start, Start.AddDays(4), granularity, groups, tenantOnly ? tenant : null);

    /// <summary>Four days over the end of January, each hour a row for each of two values of each key.</summary>
    private async Task<IUsageStore> FillAsync(TestDatabase database)
    {
        var ledger = database.Ledger(time);
        await ledger.ApplyAsync([.. Enumerable.Range(0, 96).SelectMany(hour => Enumerable.Range(0, 4).Select(i => Report.At(
            Start.AddHours(hour).AddMinutes(30), Guid.NewGuid(), 1,
            Report.Keys(i % 2 == 0 ? tenant : other, $"SE{i / 2}", $"l{i / 2}", $"region-{i / 2}", $"r{i / 2}", i / 2 == 0 ? "udp" : "tls"), 100 + hour + i)))]);
        return ledger;
    }
}
