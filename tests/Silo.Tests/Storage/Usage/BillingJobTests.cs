using System.Text.Json;
using NetDiscovery.Billing;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Usage;

/// <summary>The sample billing job on both engines: what is invoiced is what was used.</summary>
public sealed class BillingJobTests(PostgresServer server)
{
    private const long Unit = 1_000_000_000;
    private static readonly DateTimeOffset NextMonth = new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly TenantId tenant = TenantId.New();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, Engines]
    public async Task A_month_is_rated_by_region_under_either_metering_rule(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        await UseAsync(database);

        // eu-1: 3 units from and 2 to the client, in two labels; sa-1: 1 and 4. April is not in it.
        Assert.Equal(
            [new InvoiceLine(tenant.ToString(), "eu-1", 5 * Unit, Unit, 0.40m, 1.60m), new InvoiceLine(tenant.ToString(), "sa-1", 5 * Unit, 0, 0.80m, 4.00m)],
            await RateAsync(database, "both-directions"));
        Assert.Equal(
            [new InvoiceLine(tenant.ToString(), "eu-1", 2 * Unit, Unit, 0.40m, 0.40m), new InvoiceLine(tenant.ToString(), "sa-1", 4 * Unit, 0, 0.80m, 3.20m)],
            await RateAsync(database, "egress-to-client"));
    }

    [Theory, Engines]
    public async Task Invoiced_bytes_are_the_sum_of_exported_rows_and_of_the_allocations_totals(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var allocations = await UseAsync(database);

        var exported = await database.Ledger(new FixedTime(NextMonth.AddHours(2))).ExportAsync(null, 0, 1_000);
        var march = exported.Where(row => row.Hour < NextMonth).ToList();
        var invoiced = (await RateAsync(database, "both-directions")).Sum(line => line.Bytes);
        Assert.Equal(allocations, march.Sum(row => row.Totals.BytesFromClient + row.Totals.BytesToClient));
        Assert.Equal(allocations, invoiced);
        Assert.Equal(Enumerable.Range(1, exported.Count).Select(number => (long)number), exported.Select(row => row.Cursor));
    }

    [Theory, Engines]
    public async Task A_month_that_is_not_sealed_is_not_invoiced(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        await UseAsync(database, sealUntil: NextMonth.AddHours(-1));

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => RateAsync(database, "both-directions"));
        Assert.Contains("not sealed", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"rule":"egress","currency":"EUR","pricePerUnit":1}""")]
    [InlineData("""{"rule":"both-directions","currency":"EUR","pricePerUnit":-1}""")]
    [InlineData("""{"rule":"both-directions","currency":"EUR","pricePerUnit":1,"priceperunits":2}""")]
    [InlineData("""{"currency":"EUR","pricePerUnit":1}""")]
    public void A_price_list_with_a_mistake_is_refused(string json) => Assert.Throws<JsonException>(() => PriceList.Read(json));

    /// <returns>The sum of what allocations reported in March.</returns>
    private async Task<long> UseAsync(TestDatabase database, DateTimeOffset? sealUntil = null)
    {
        var time = new FixedTime(Report.Hour.AddHours(1));
        var ledger = database.Ledger(time);
        UsageReport[] march =
        [
            Report.At(Report.Hour, Guid.NewGuid(), 1, Report.Keys(tenant, label: "a", region: "eu-1"), 2 * Unit, Unit),
            Report.At(Report.Hour.AddMinutes(61), Guid.NewGuid(), 1, Report.Keys(tenant, label: "b", region: "eu-1", transport: "tls"), Unit, Unit),
            Report.At(Report.Hour.AddMinutes(5), Guid.NewGuid(), 1, Report.Keys(tenant, region: "sa-1"), Unit, 4 * Unit),
        ];
        await ledger.ApplyAsync(march);
        await ledger.ApplyAsync(march);
        await database.Ledger(new FixedTime(NextMonth.AddHours(1))).ApplyAsync([Report.At(NextMonth.AddMinutes(1), Guid.NewGuid(), 1, Report.Keys(tenant, region: "eu-1"), 7 * Unit)]);
        await ledger.SealAsync(sealUntil ?? NextMonth.AddHours(1), 1_000, Cancellation);
        return march.Sum(report => report.Totals.BytesFromClient + report.Totals.BytesToClient);
    }

    private static async Task<IReadOnlyList<InvoiceLine>> RateAsync(TestDatabase database, string rule)
    {
        var prices = PriceList.Read($$"""{"rule":"{{rule}}","currency":"EUR","pricePerUnit":0.40,"regions":{"sa-1":0.80},"freeBytes":{{Unit}}}""");
        await using var connection = await database.Source.OpenConnectionAsync(Cancellation);
        return Invoice.Rate(await MonthlyUsage.ReadAsync(connection, 2026, 3), prices);
    }
}
