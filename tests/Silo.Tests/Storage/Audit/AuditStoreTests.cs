using System.Text.Json;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Audit;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Audit;
using NetDiscovery.Silo.Storage.States;
using NetDiscovery.TestKit;
using Npgsql;

namespace NetDiscovery.Silo.Tests.Storage.Audit;

public sealed class AuditStoreTests(PostgresServer server)
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, 123, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, Engines]
    public async Task Entries_are_copied_once_with_the_state_they_were_stored_with(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var (states, store) = (States(database), new AuditStore(database.Source, engine));
        var (first, second) = (Entry(TenantId.New(), Start), Entry(TenantId.New(), Start));

        await WriteAsync(states, "tenant", null, 1, first);
        await WriteAsync(states, "tenant", 1, 2, first);
        await WriteAsync(states, "usage-triggers", null, 1, second);
        await WriteAsync(states, "session", null, 1, Entry(TenantId.New(), Start));
        await WriteAsync(states, "tenant", 7, 8, Entry(TenantId.New(), Start));

        Assert.Equal([second, first], (await store.ListAsync(All)).Select(row => row.Entry));
    }

    [Theory, Engines]
    public async Task A_state_without_entries_or_from_before_there_were_any_adds_none(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var states = States(database);
        foreach (var (json, key) in ((string, string)[])[("""{"audit":[]}""", "t/1"), ("""{"tenant":null}""", "t/2"), ("""{"audit":null}""", "t/3")])
        {
            Assert.Equal([true], await states.WriteAsync([new StateWrite("tenant", key, null, 1, json)]));
        }

        Assert.Equal(0, await database.ScalarAsync<int>("SELECT count(*) FROM audit_entry"));
    }

    [Theory, Engines]
    public async Task Changes_are_listed_newest_first_by_tenant_kind_and_time_page_by_page(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var (states, store) = (States(database), new AuditStore(database.Source, engine));
        var (tenant, other) = (TenantId.New(), TenantId.New());
        AuditEntry[] entries =
        [
            Entry(tenant, Start), Entry(other, Start.AddHours(1)), Entry(tenant, Start.AddHours(2)) with { Action = AuditActions.KeyRemoved }, Entry(tenant, Start.AddHours(3)),
        ];
        for (var index = 0; index < entries.Length; index++)
        {
            await WriteAsync(states, "tenant", index == 0 ? null : index, index + 1, entries[index]);
        }

        Assert.Equal([entries[3], entries[2], entries[1], entries[0]], await ListAsync(All));
        Assert.Equal([entries[3], entries[2], entries[0]], await ListAsync(All with { Tenant = tenant }));
        Assert.Equal([entries[2]], await ListAsync(All with { Action = AuditActions.KeyRemoved }));
        Assert.Equal([entries[2], entries[1]], await ListAsync(All with { From = Start.AddHours(1), To = Start.AddHours(3) }));
        var page = await store.ListAsync(All with { Tenant = tenant, Limit = 2 });
        Assert.Equal([entries[0]], await ListAsync(All with { Tenant = tenant, Before = page[^1].Sequence }));

        async Task<IEnumerable<AuditEntry>> ListAsync(AuditQuery query) => (await store.ListAsync(query)).Select(row => row.Entry);
    }

    [Theory, Engines]
    public async Task Changes_past_their_retention_and_old_answers_are_deleted_in_bites(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var (states, store) = (States(database), new AuditStore(database.Source, engine));
        for (var index = 0; index < 3; index++)
        {
            await WriteAsync(states, "tenant", index == 0 ? null : index, index + 1, Entry(TenantId.New(), Start.AddHours(index)));
        }

        Assert.Equal(1, await store.DeleteAsync(Start.AddHours(1.5), 1, Cancellation));
        Assert.Equal(1, await store.DeleteAsync(Start.AddHours(1.5), 10, Cancellation));
        Assert.Single(await store.ListAsync(All));

        await states.WriteAsync([new StateWrite("idempotency", "y/operator/1", null, 1, """{"answers":[]}"""), new StateWrite("tenant", "t/9", null, 1, "{}")]);
        Assert.Equal(0, await store.DeleteAnswersAsync(TimeProvider.System.GetUtcNow().AddHours(-1), 10, Cancellation));
        Assert.Equal(1, await store.DeleteAnswersAsync(TimeProvider.System.GetUtcNow().AddHours(1), 10, Cancellation));
        Assert.Equal(0, await database.ScalarAsync<int>("SELECT count(*) FROM grain_state WHERE state_name = 'idempotency'"));
    }

    private static AuditQuery All => new(null, null, null, null, null, 100);

    private static AuditEntry Entry(TenantId tenant, DateTimeOffset at) => new(Guid.NewGuid(), tenant, at, AuditActions.KeyCreated, "SK1", "ci's \"key\"", new ChangeOrigin("operator", "2001:db8::1", "4bf9"));

    private static IStateStore States(TestDatabase database) =>
        database.Source is NpgsqlDataSource postgres ? new PostgresStateStore(postgres, "test") : new SqliteStateStore((SqliteDataSource)database.Source, "test");

    private static Task WriteAsync(IStateStore states, string name, int? expected, int version, AuditEntry entry) =>
        states.WriteAsync([new StateWrite(name, "t/1", expected, version, JsonSerializer.Serialize(new { tenant = (string?)null, audit = new[] { entry } }, StateJson.Options))]);
}
