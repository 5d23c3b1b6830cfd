using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Allocations;
using NetDiscovery.Silo.Storage.Audit;
using NetDiscovery.Silo.Storage.Usage;
using NetDiscovery.Silo.Tests.Storage.Allocations;
using NetDiscovery.Silo.Tests.Storage.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage;

public sealed class StorageUpkeepTests(PostgresServer server)
{
    private readonly FixedTime time = new(Report.Hour);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, Engines]
    public async Task An_hour_is_sealed_when_its_grace_has_passed_and_not_before(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var (upkeep, ledger) = (Upkeep(database), database.Ledger(time));
        await ledger.ApplyAsync([Report.At(Report.Hour.AddMinutes(59), Guid.NewGuid(), 1, Report.Keys(TenantId.New()), 100)]);

        time.Now = Report.Hour.AddMinutes(60 + 14);
        await upkeep.SealAsync(Cancellation);
        Assert.Empty(await ledger.ExportAsync(null, 0, 10));

        time.Now = Report.Hour.AddMinutes(60 + 15);
        await upkeep.SealAsync(Cancellation);
        Assert.Single(await ledger.ExportAsync(null, 0, 10));
    }

    [Theory, Engines]
    public async Task More_rows_than_one_bite_are_all_sealed_and_all_deleted(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var (upkeep, ledger, allocations) = (Upkeep(database), database.Ledger(time), database.Allocations());
        const int Rows = 5_300;
        var tenant = TenantId.New();
        await ledger.ApplyAsync([.. Enumerable.Range(0, Rows).Select(i => Report.At(Report.Hour, Guid.NewGuid(), 1, Report.Keys(tenant, label: $"{i}"), 1))]);
        await allocations.WriteAsync([.. TestAllocation.Ids(Rows).Select(id => AllocationWrite.From(id, null, TestAllocation.State(id, tenant, closedAt: Report.Hour)))]);

        time.Now = Report.Hour.AddHours(25);
        await upkeep.SealAsync(Cancellation);
        await upkeep.DeleteAllocationsAsync(Cancellation);

        Assert.Equal(Rows, (await ledger.ExportAsync(null, 0, 10_000)).Count);
        Assert.Equal(0, await database.ScalarAsync<int>("SELECT count(*) FROM allocation_state"));
    }

    [Theory, Engines]
    public async Task Sources_are_forgotten_after_their_retention(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var (upkeep, ledger) = (Upkeep(database), database.Ledger(time));
        await ledger.ApplyAsync([Report.At(Report.Hour, Guid.NewGuid(), 1, Report.Keys(TenantId.New()), 1)]);

        time.Now = Report.Hour.AddDays(89);
        await upkeep.DeleteSourcesAsync(Cancellation);
        Assert.Equal(1, await database.ScalarAsync<int>("SELECT count(*) FROM usage_source"));

        time.Now = Report.Hour.AddDays(91);
        await upkeep.DeleteSourcesAsync(Cancellation);
        Assert.Equal(0, await database.ScalarAsync<int>("SELECT count(*) FROM usage_source"));
    }

    private StorageUpkeep Upkeep(TestDatabase database)
    {
        var options = Options.Create(new UsageOptions());
        var admission = new UsageAdmission(options, database.Metrics, time, NullLogger<UsageAdmission>.Instance);
        return new StorageUpkeep(
            database.Ledger(time), admission, database.Allocations(), new AuditStore(database.Source, database.Provider), options, Options.Create(new StorageOptions()), database.Metrics, time, NullLogger<StorageUpkeep>.Instance);
    }
}
