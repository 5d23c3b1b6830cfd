using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Allocations;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Allocations;

public sealed class AllocationIndexTests(PostgresServer server)
{
    private readonly TenantId tenant = TenantId.New();
    private readonly TenantId other = TenantId.New();
    private readonly SessionId session = SessionId.New("local");

    [Theory, Engines]
    public async Task Live_allocations_are_found_by_tenant_and_session_in_order_of_id(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var (store, ids) = await FillAsync(database);

        Assert.Equal(ids, Ids(await store.ListLiveAsync(null, null, null, 1000, TestAllocation.Opened)));
        Assert.Equal(ids.Where((_, i) => i % 2 == 0), Ids(await store.ListLiveAsync(tenant, null, null, 1000, TestAllocation.Opened)));
        Assert.Equal(ids.Where((_, i) => i % 6 == 0), Ids(await store.ListLiveAsync(tenant, session, null, 1000, TestAllocation.Opened)));
        Assert.Empty(await store.ListLiveAsync(TenantId.New(), null, null, 1000, TestAllocation.Opened));
    }

    [Theory, Engines]
    public async Task Pages_follow_each_other(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var (store, ids) = await FillAsync(database);

        var paged = new List<AllocationId>();
        while (await store.ListLiveAsync(null, null, paged.Count == 0 ? null : paged[^1], 7, TestAllocation.Opened) is { Count: > 0 } page)
        {
            paged.AddRange(Ids(page));
        }

        Assert.Equal(ids, paged);
    }

    [Theory, Engines]
    public async Task Closed_and_long_expired_allocations_are_not_live(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var store = database.Allocations();
        var ids = TestAllocation.Ids(3);
        await store.WriteAsync([
            AllocationWrite.From(ids[0], null, TestAllocation.State(ids[0], tenant)),
            AllocationWrite.From(ids[1], null, TestAllocation.State(ids[1], tenant, closedAt: TestAllocation.Opened.AddMinutes(1))),
            AllocationWrite.From(ids[2], null, TestAllocation.State(ids[2], tenant, expiresAt: TestAllocation.Opened.AddMinutes(-5)))]);

        Assert.Equal([ids[0]], Ids(await store.ListLiveAsync(tenant, null, null, 1000, TestAllocation.Opened)));
    }

    [Theory, Engines]
    public async Task Retention_deletes_what_ended_before_and_nothing_else_in_bounded_bites(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var store = database.Allocations();
        var ids = TestAllocation.Ids(40);
        var day = TestAllocation.Opened.AddDays(1);
        await store.WriteAsync([.. ids.Select((id, i) => AllocationWrite.From(id, null, (i % 4) switch
        {
            0 => TestAllocation.State(id, tenant, closedAt: TestAllocation.Opened),
            1 => TestAllocation.State(id, tenant, expiresAt: TestAllocation.Opened),
            2 => TestAllocation.State(id, tenant, expiresAt: TestAllocation.Opened, closedAt: day.AddMinutes(1)),
            _ => TestAllocation.State(id, tenant, expiresAt: day.AddMinutes(1)),
        }))]);

        var bites = new List<int>();
        do
        {
            bites.Add(await store.DeleteEndedAsync(day, 6, TestContext.Current.CancellationToken));
        }
        while (bites[^1] > 0);

        Assert.All(bites, bite => Assert.InRange(bite, 0, 6));
        Assert.Equal(20, bites.Sum());
        Assert.Equal(20, await database.ScalarAsync<int>("SELECT count(*) FROM allocation_state"));
    }

    private static IEnumerable<AllocationId> Ids(IReadOnlyList<Allocation> allocations) => allocations.Select(allocation => allocation.Id);

    /// <summary>24 live allocations: every second one of the tenant, every third one in the session.</summary>
    private async Task<(IAllocationStore Store, AllocationId[] Ids)> FillAsync(TestDatabase database)
    {
        var store = database.Allocations();
        var ids = TestAllocation.Ids(24);
        await store.WriteAsync([.. ids.Select((id, i) =>
            AllocationWrite.From(id, null, TestAllocation.State(id, i % 2 == 0 ? tenant : other, i % 3 == 0 ? session : null)))]);
        return (store, ids);
    }
}
