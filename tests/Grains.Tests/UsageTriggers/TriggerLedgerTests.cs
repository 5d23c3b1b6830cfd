using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Usage;
using NetDiscovery.Grains.UsageTriggers;

namespace NetDiscovery.Grains.Tests.UsageTriggers;

public sealed class TriggerLedgerTests
{
    private static readonly DateTimeOffset Now = new(2030, 5, 15, 12, 0, 0, TimeSpan.Zero);

    private readonly TenantId tenant = TenantId.New();

    [Theory]
    [InlineData(UsagePeriod.AllTime)]
    [InlineData(UsagePeriod.Yearly)]
    public async Task Sealed_months_are_read_once_and_the_sum_is_the_same(UsagePeriod kind)
    {
        var ledger = new MonthlyLedger { SealedUntil = Now.AddHours(-1) };
        var sums = new TriggerLedger(ledger, new FakeTenantIndex(new FakeGrainStorage()));
        for (var month = 1; month <= 5; month++)
            ledger.Book(month, month % 2 == 0 ? "eu" : "us", 1_000_000);

        Assert.Equal(5, await OfAsync());
        ledger.Book(5, "eu", 2_000_000);
        Assert.Equal(7, await OfAsync());
        ledger.SealedUntil = Now.AddDays(30);
        Assert.Equal(7, await OfAsync());
        ledger.Book(6, "eu", 1_000_000);
        Assert.Equal(8, await OfAsync());

        var begin = TriggerPeriod.At(kind, Now).From;
        Assert.Equal([begin, Month(5), Month(5), Month(6)], ledger.AskedFrom);

        async Task<decimal> OfAsync() => (await sums.SumAsync([tenant], TriggerPeriod.At(kind, Now.AddDays(31)))).Of(UsageMeasure.Megabytes, null);
    }

    [Fact]
    public async Task A_day_is_read_every_time()
    {
        var ledger = new MonthlyLedger { SealedUntil = Now.AddDays(1) };
        var sums = new TriggerLedger(ledger, new FakeTenantIndex(new FakeGrainStorage()));
        await sums.SumAsync([tenant], TriggerPeriod.At(UsagePeriod.Daily, Now));
        await sums.SumAsync([tenant], TriggerPeriod.At(UsagePeriod.Daily, Now));
        Assert.Equal([Now.AddHours(-12), Now.AddHours(-12)], ledger.AskedFrom);
    }

    [Fact]
    public async Task Usage_of_other_regions_counts_and_one_that_is_away_is_done_without_only_where_that_is_asked_for()
    {
        var (here, there) = (new MonthlyLedger { SealedUntil = Now }, new MonthlyLedger { SealedUntil = Now });
        here.Book(5, "eu", 1_000_000);
        there.Book(4, "us", 2_000_000);
        there.Book(5, "us", 4_000_000);
        var others = new OneOther(there);
        var sums = new TriggerLedger(here, new FakeTenantIndex(new FakeGrainStorage()), others);
        var period = TriggerPeriod.At(UsagePeriod.Yearly, Now);

        Assert.Equal(7, (await sums.SumAsync([tenant], period)).Of(UsageMeasure.Megabytes, null));
        Assert.Equal(6, (await sums.SumAsync([tenant], period)).Of(UsageMeasure.Megabytes, "us"));
        Assert.Equal([period.From, Month(5)], there.AskedFrom);

        others.IsAway = true;
        Assert.Equal(1, (await sums.SumAsync([tenant], period, isWhole: false)).Of(UsageMeasure.Megabytes, null));
        await Assert.ThrowsAsync<IOException>(() => sums.SumAsync([tenant], period));
        others.IsAway = false;
        Assert.Equal(7, (await sums.SumAsync([tenant], period)).Of(UsageMeasure.Megabytes, null));
    }

    private static DateTimeOffset Month(int month) => new(2030, month, 1, 0, 0, 0, TimeSpan.Zero);

    private sealed class OneOther(MonthlyLedger ledger) : IOtherLedgers
    {
        public bool IsAway { get; set; }

        public IReadOnlyList<string> Regions => ["us"];

        public Task<UsagePage> QueryAsync(string region, UsageQuery query) => IsAway ? throw new IOException("The region is away.") : ledger.QueryAsync(query);
    }

    /// <summary>A ledger with a row for each month and region.</summary>
    private sealed class MonthlyLedger : IUsageLedger
    {
        private readonly Dictionary<(int Month, string Region), UsageTotals> rows = [];

        public DateTimeOffset SealedUntil { get; set; }

        public List<DateTimeOffset> AskedFrom { get; } = [];

        public void Book(int month, string region, long bytes) =>
            rows[(month, region)] = rows.GetValueOrDefault((month, region)) + new UsageTotals { BytesToClient = bytes };

        public Task ApplyAsync(IReadOnlyList<UsageReport> reports) => throw new NotSupportedException();

        // Pages of two, so that several are read.
        public Task<UsagePage> QueryAsync(UsageQuery query)
        {
            if (query.Offset == 0)
                AskedFrom.Add(query.From);
            var found = rows.Where(row => Month(row.Key.Month) >= query.From && Month(row.Key.Month) < query.To).OrderBy(row => row.Key.Month)
                .Select(row => new UsageRow(Month(row.Key.Month), Month(row.Key.Month + 1), query.Tenant, null, null, row.Key.Region, null, null, row.Value)).ToList();
            return Task.FromResult(new UsagePage([.. found.Skip(query.Offset).Take(2)], found.Count > query.Offset + 2, SealedUntil));
        }

        public Task<IReadOnlyList<LedgerRow>> ExportAsync(TenantId? tenant, long after, int limit) => throw new NotSupportedException();
    }
}
