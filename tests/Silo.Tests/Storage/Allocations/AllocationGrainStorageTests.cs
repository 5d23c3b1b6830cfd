using System.Text.Json;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Allocations;
using NetDiscovery.TestKit;
using Orleans.Storage;

namespace NetDiscovery.Silo.Tests.Storage.Allocations;

public sealed class AllocationGrainStorageTests(PostgresServer server)
{
    private readonly TenantId tenant = TenantId.New();

    [Theory, Engines]
    public async Task What_is_written_is_read_back(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var storage = Storage(database);
        var id = AllocationId.From(Guid.NewGuid());
        var written = new GrainState<AllocationState> { State = TestAllocation.State(id, tenant) };

        await storage.WriteStateAsync("allocation", Grain(id), written);
        var read = await ReadAsync(storage, id);

        Assert.True(read.RecordExists);
        Assert.Equal(written.ETag, read.ETag);
        Assert.Equal(Json(written.State), Json(read.State));
    }

    [Theory, Engines]
    public async Task What_must_be_there_is_read_back_though_it_is_at_its_default(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var storage = Storage(database);
        var id = AllocationId.From(Guid.NewGuid());
        var plain = TestAllocation.State(id, tenant).Allocation! with { Token = new TokenId(Guid.Empty), OpenedAt = default, Label = "", Totals = default };
        var written = new GrainState<AllocationState> { State = new AllocationState { Allocation = plain } };

        await storage.WriteStateAsync("allocation", Grain(id), written);

        Assert.Equal(Json(written.State), Json((await ReadAsync(storage, id)).State));
    }

    [Theory, Engines]
    public async Task Every_counter_is_read_back(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var storage = Storage(database);
        var id = AllocationId.From(Guid.NewGuid());
        var totals = new UsageTotals
        {
            Allocations = 1, AllocationSeconds = 2, Sessions = 3, Bindings = 4, Tokens = 5, BytesFromClient = 6, BytesToClient = long.MaxValue, BytesToPeer = 8,
            BytesFromPeer = 9, PacketsFromClient = 10, PacketsToClient = 11, PacketsToPeer = 12, PacketsFromPeer = 13,
        };
        Assert.DoesNotContain(typeof(UsageTotals).GetProperties(), counter => counter.GetValue(totals) is 0L);
        var written = new GrainState<AllocationState> { State = new AllocationState { Allocation = TestAllocation.State(id, tenant).Allocation! with { Totals = totals } } };

        await storage.WriteStateAsync("allocation", Grain(id), written);

        Assert.Equal(totals, (await ReadAsync(storage, id)).State!.Allocation!.Totals);
    }

    [Theory, Engines]
    public async Task An_unknown_allocation_reads_as_none(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);

        var read = await ReadAsync(Storage(database), AllocationId.From(Guid.NewGuid()));

        Assert.False(read.RecordExists);
        Assert.Null(read.ETag);
        Assert.Null(read.State!.Allocation);
    }

    [Theory, Engines]
    public async Task A_second_activation_that_writes_over_a_newer_version_gets_a_conflict_and_changes_nothing(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var storage = Storage(database);
        var id = AllocationId.From(Guid.NewGuid());
        var first = new GrainState<AllocationState> { State = TestAllocation.State(id, tenant) };
        await storage.WriteStateAsync("allocation", Grain(id), first);
        var second = await ReadAsync(storage, id);

        first.State = TestAllocation.State(id, tenant, expiresAt: TestAllocation.Opened.AddMinutes(20));
        await storage.WriteStateAsync("allocation", Grain(id), first);
        second.State = TestAllocation.State(id, tenant, expiresAt: TestAllocation.Opened.AddMinutes(30));

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("allocation", Grain(id), second));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("allocation", Grain(id), new GrainState<AllocationState> { State = second.State }));
        Assert.Equal(TestAllocation.Opened.AddMinutes(20), (await ReadAsync(storage, id)).State!.Allocation!.ExpiresAt);
    }

    [Theory, Engines]
    public async Task Of_many_writes_at_once_each_is_stored_and_each_conflict_meets_its_own_caller(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var storage = Storage(database);
        var ids = TestAllocation.Ids(300);

        // Two writers for every third allocation: exactly one of each pair must win.
        var attempts = ids.SelectMany((id, i) => Enumerable.Repeat(id, i % 3 == 0 ? 2 : 1)).Select(async id =>
        {
            try
            {
                await storage.WriteStateAsync("allocation", Grain(id), new GrainState<AllocationState> { State = TestAllocation.State(id, tenant) });
                return (id, Stored: true);
            }
            catch (InconsistentStateException)
            {
                return (id, Stored: false);
            }
        });
        var results = await Task.WhenAll(attempts);

        Assert.Equal(100, results.Count(result => !result.Stored));
        Assert.Equal(ids, results.Where(result => result.Stored).Select(result => result.id));
        Assert.Equal(300, await database.ScalarAsync<int>("SELECT count(*) FROM allocation_state"));
    }

    [Theory, Engines]
    public async Task Clearing_removes_the_row_unless_it_has_changed(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var storage = Storage(database);
        var id = AllocationId.From(Guid.NewGuid());
        var state = new GrainState<AllocationState> { State = TestAllocation.State(id, tenant) };
        await storage.WriteStateAsync("allocation", Grain(id), state);
        var stale = await ReadAsync(storage, id);
        await storage.WriteStateAsync("allocation", Grain(id), state);

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("allocation", Grain(id), stale));
        await storage.ClearStateAsync("allocation", Grain(id), state);

        Assert.False(state.RecordExists);
        Assert.False((await ReadAsync(storage, id)).RecordExists);
    }

    [Theory, Engines]
    public async Task A_row_deleted_after_its_retention_is_not_made_anew_by_an_activation_that_remembers_it(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var storage = Storage(database);
        var id = AllocationId.From(Guid.NewGuid());
        var state = new GrainState<AllocationState> { State = TestAllocation.State(id, tenant, closedAt: TestAllocation.Opened) };
        await storage.WriteStateAsync("allocation", Grain(id), state);

        Assert.Equal(1, await database.Allocations().DeleteEndedAsync(TestAllocation.Opened.AddDays(1), 100, TestContext.Current.CancellationToken));

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("allocation", Grain(id), state));
    }

    [Theory, Engines]
    public async Task Another_grains_state_is_refused(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);

        await Assert.ThrowsAsync<NotSupportedException>(() =>
            Storage(database).ReadStateAsync("other", Grain(AllocationId.From(Guid.NewGuid())), new GrainState<string>()));
    }

    private static AllocationGrainStorage Storage(TestDatabase database) => new(database.Allocations(), database.Metrics, TimeProvider.System);

    private static GrainId Grain(AllocationId id) => GrainId.Create("allocation", GrainKeys.Allocation(id));

    private static async Task<GrainState<AllocationState>> ReadAsync(AllocationGrainStorage storage, AllocationId id)
    {
        var state = new GrainState<AllocationState>();
        await storage.ReadStateAsync("allocation", Grain(id), state);
        return state;
    }

    private static string Json(AllocationState? state) => JsonSerializer.Serialize(state, StateJson.Options);
}
