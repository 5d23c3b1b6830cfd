using System.Globalization;
using System.Text.Json;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Callbacks;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Silo.Callbacks;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Tests.Storage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Callbacks;

public sealed class CallbackStoreTests(PostgresServer server)
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, Engines]
    public async Task What_is_due_is_found_page_by_page_and_nothing_else(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var store = new CallbackStore(database.Source, engine);
        await PutAsync(database, "callbacks", "c/1", new { dueMilliseconds = Start.ToUnixTimeMilliseconds() });
        await PutAsync(database, "callbacks", "c/2", new { dueMilliseconds = Start.AddMinutes(1).ToUnixTimeMilliseconds() });
        await PutAsync(database, "callbacks", "c/3", new { dueMilliseconds = (long?)null });
        await PutAsync(database, "session", "s/1", new { dueMilliseconds = Start.ToUnixTimeMilliseconds() });
        await PutAsync(database, "session", "s/2", new { session = "written before there was such a thing" });
        await PutAsync(database, "tenant", "t/1", new { dueMilliseconds = Start.ToUnixTimeMilliseconds() });

        Assert.Equal([("callbacks", "c/1"), ("session", "s/1")], await store.ListDueAsync(Start.AddSeconds(1), "", 10, Cancellation));
        Assert.Equal([("callbacks", "c/1")], await store.ListDueAsync(Start.AddSeconds(1), "", 1, Cancellation));
        Assert.Equal([("session", "s/1")], await store.ListDueAsync(Start.AddSeconds(1), "c/1", 1, Cancellation));
        Assert.Empty(await store.ListDueAsync(Start, "", 10, Cancellation));
    }

    [Theory, Engines]
    public async Task Deliveries_are_listed_newest_first_by_tenant_subject_and_status(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var store = new CallbackStore(database.Source, engine);
        var (tenant, other) = (TenantId.New(), TenantId.New());
        var (older, newer) = (new Guid("00000000000000000000000000000001"), new Guid("00000000000000000000000000000002"));
        await PutAsync(database, tenant, older, CallbackStatus.Delivered, CallbackStatus.Pending);
        await PutAsync(database, tenant, newer, CallbackStatus.Failed);
        await PutAsync(database, other, newer, CallbackStatus.Failed);

        Assert.Equal([Id(newer, 1), Id(older, 2), Id(older, 1)], await ListAsync(new CallbackQuery(tenant, CallbackSubject.Session, null, null, 0, 10)));
        Assert.Equal([Id(older, 2)], await ListAsync(new CallbackQuery(tenant, CallbackSubject.Session, null, null, 1, 1)));
        Assert.Equal([Id(older, 2), Id(older, 1)], await ListAsync(new CallbackQuery(tenant, CallbackSubject.Session, older, null, 0, 10)));
        Assert.Equal([Id(newer, 1)], await ListAsync(new CallbackQuery(tenant, CallbackSubject.Session, null, CallbackStatus.Failed, 0, 10)));
        Assert.Empty(await ListAsync(new CallbackQuery(tenant, CallbackSubject.UsageTrigger, older, null, 0, 10)));

        async Task<IEnumerable<string>> ListAsync(CallbackQuery query) => (await store.ListAsync(query)).Select(delivery => delivery.Event.Id);
    }

    [Theory, Engines]
    public async Task Logs_past_their_retention_are_deleted_unless_something_waits(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var store = new CallbackStore(database.Source, engine);
        await PutAsync(database, "callbacks", "c/1", new { dueMilliseconds = (long?)null });
        await PutAsync(database, "callbacks", "c/2", new { dueMilliseconds = 1L });
        await PutAsync(database, "session", "s/1", new { dueMilliseconds = (long?)null });

        Assert.Equal(0, await store.DeleteAsync(DateTimeOffset.UtcNow.AddHours(-1), 10, Cancellation));
        Assert.Equal(1, await store.DeleteAsync(DateTimeOffset.UtcNow.AddHours(1), 10, Cancellation));
        Assert.Equal(2, await database.ScalarAsync<int>("SELECT count(*) FROM grain_state"));
    }

    [Theory, Engines]
    public async Task Grains_of_triggers_are_listed_page_by_page(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine, server);
        var store = new CallbackStore(database.Source, engine);
        foreach (var key in (string[])["x/1", "x/2", "x/3"])
            await PutAsync(database, "usage-triggers", key, new { triggers = Array.Empty<string>() });
        await PutAsync(database, "tenant", "x/4", new { });

        Assert.Equal(["x/1", "x/2"], await store.ListTriggersAsync("", 2, Cancellation));
        Assert.Equal(["x/3"], await store.ListTriggersAsync("x/2", 2, Cancellation));
    }

    private static string Id(Guid subject, int number) => new CallbackEventId(CallbackSubject.Session, subject, number.ToString(CultureInfo.InvariantCulture)).ToString();

    private static Task PutAsync(TestDatabase database, TenantId tenant, Guid subject, params CallbackStatus[] statuses) => PutAsync(
        database, "callbacks", GrainKeys.Callbacks(tenant, CallbackSubject.Session, subject),
        new CallbackState
        {
            Deliveries =
            [
                .. statuses.Select((status, index) => new CallbackDelivery
                {
                    Event = new CallbackEvent(Id(subject, index + 1), index + 1, "session.created", Start, "{}", CallbackForm.StandardWebhook, null), Status = status,
                }),
            ],
        });

    private static Task PutAsync<T>(TestDatabase database, string name, string key, T state) => database.ExecuteAsync(
        $"""
        INSERT INTO grain_state (service_id, state_name, grain_key, grain_n0, grain_n1, version, state{(database.Provider == StorageProvider.Sqlite ? ", modified_at" : "")})
        VALUES ('test', '{name}', '{key}', 0, 0, 1, '{JsonSerializer.Serialize(state, StateJson.Options)}'{(database.Provider == StorageProvider.Sqlite ? ", strftime('%Y-%m-%dT%H:%M:%fZ')" : "")})
        """);
}
