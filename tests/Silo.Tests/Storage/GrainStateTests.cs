using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Grains;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Tests.Hosting;
using NetDiscovery.TestKit;
using Orleans.Storage;

namespace NetDiscovery.Silo.Tests.Storage;

/// <summary>What every storage of grain state in <c>grain_state</c> has to do: Orleans' relational one over our SQL, and the grouped one.</summary>
public sealed class GrainStateTests(PostgresServer server)
{
    public static TheoryData<StorageProvider, string> Storages { get; } = new(
        from engine in Enum.GetValues<StorageProvider>()
        from name in (string[])[StorageNames.Default, StorageNames.Sessions]
        select (engine, name));

    private readonly ApiKeyState state = new() { Tenant = TenantId.New() };

    [Theory, MemberData(nameof(Storages))]
    public async Task State_is_written_read_changed_and_cleared(StorageProvider engine, string name)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(engine, server);
        await using var silo = await TestSilo.StartAsync(database);
        var storage = Storage(silo, name);
        var id = Id(GrainKeys.ApiKey(ApiKeyId.New()));

        Assert.False((await ReadAsync(storage, id)).RecordExists);
        var written = new GrainState<ApiKeyState> { State = state };
        await storage.WriteStateAsync("api-key", id, written);
        await storage.WriteStateAsync("api-key", id, written);
        var read = await ReadAsync(storage, id);
        Assert.Equal((state, written.ETag, true), (read.State, read.ETag, read.RecordExists));

        await storage.ClearStateAsync("api-key", id, read);
        Assert.False((await ReadAsync(storage, id)).RecordExists);
        Assert.Equal(0, await database.ScalarAsync<int>("SELECT count(*) FROM grain_state"));
    }

    [Theory, MemberData(nameof(Storages))]
    public async Task A_write_or_clear_over_a_newer_version_is_a_conflict(StorageProvider engine, string name)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(engine, server);
        await using var silo = await TestSilo.StartAsync(database);
        var storage = Storage(silo, name);
        var id = Id(GrainKeys.ApiKey(ApiKeyId.New()));
        await storage.WriteStateAsync("api-key", id, new GrainState<ApiKeyState> { State = new ApiKeyState() });
        var stale = await ReadAsync(storage, id);
        var current = await ReadAsync(storage, id);
        current.State = state;
        await storage.WriteStateAsync("api-key", id, current);

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("api-key", id, stale));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("api-key", id, stale));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("api-key", id, new GrainState<ApiKeyState> { State = state }));
        Assert.Equal(state, (await ReadAsync(storage, id)).State);
    }

    [Theory, MemberData(nameof(Storages))]
    public async Task Of_writers_at_once_exactly_one_wins(StorageProvider engine, string name)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(engine, server);
        await using var silo = await TestSilo.StartAsync(database);
        var storage = Storage(silo, name);
        var id = Id(GrainKeys.ApiKey(ApiKeyId.New()));

        var won = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            try
            {
                await storage.WriteStateAsync("api-key", id, new GrainState<ApiKeyState> { State = state });
                return true;
            }
            catch (InconsistentStateException)
            {
                return false;
            }
        })));

        Assert.Single(won, winner => winner);
    }

    [Theory, MemberData(nameof(Storages))]
    public async Task Keys_that_look_like_numbers_or_guids_in_any_case_keep_rows_of_their_own(StorageProvider engine, string name)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(engine, server);
        await using var silo = await TestSilo.StartAsync(database);
        var storage = Storage(silo, name);
        string[] keys = [.. ((string[])["abc", "ABC", "0abc", "00", "0", "7f3b0c1d2e4f5a6b7c8d9e0f1a2b3c4d", "7F3B0C1D2E4F5A6B7C8D9E0F1A2B3C4D"]).Select(GrainKeys.Relay),
            GrainKeys.Tenant(new TenantId(Guid.Empty)), GrainKeys.ApiKey(new ApiKeyId(Guid.Empty))];

        foreach (var key in keys)
        {
            await storage.WriteStateAsync("api-key", Id(key), new GrainState<ApiKeyState> { State = state });
        }

        Assert.Equal(keys.Length, await database.ScalarAsync<int>("SELECT count(*) FROM grain_state"));
        Assert.Equal(keys.Order(StringComparer.Ordinal), (await Task.WhenAll(keys.Select(async key => (key, (await ReadAsync(storage, Id(key))).RecordExists))))
            .Where(found => found.RecordExists).Select(found => found.key).Order(StringComparer.Ordinal));
    }

    [Theory, Engines]
    public async Task What_one_storage_wrote_the_other_reads(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(engine, server);
        await using var silo = await TestSilo.StartAsync(database);
        var (single, grouped) = (Storage(silo, StorageNames.Default), Storage(silo, StorageNames.Sessions));
        var id = Id(GrainKeys.ApiKey(ApiKeyId.New()));
        await single.WriteStateAsync("api-key", id, new GrainState<ApiKeyState> { State = state });

        var read = await ReadAsync(grouped, id);
        read.State = new ApiKeyState();
        await grouped.WriteStateAsync("api-key", id, read);

        Assert.Equal(read.ETag, (await ReadAsync(single, id)).ETag);
    }

    [Fact]
    public void No_two_grain_classes_share_a_state_name()
    {
        // Only the state's name reaches the row, not the class: two classes of one name and key would read each other's state.
        var names = typeof(StorageNames).Assembly.GetTypes()
            .SelectMany(type => type.GetConstructors().SelectMany(constructor => constructor.GetParameters()))
            .Select(parameter => parameter.GetCustomAttributes(typeof(PersistentStateAttribute), false).Cast<PersistentStateAttribute>().SingleOrDefault())
            .OfType<PersistentStateAttribute>()
            .Select(attribute => attribute.StateName)
            .ToList();

        Assert.NotEmpty(names);
        Assert.Equal(names.Distinct(), names);
    }

    private static IGrainStorage Storage(TestSilo silo, string name) => silo.Services.GetRequiredKeyedService<IGrainStorage>(name);

    private static GrainId Id(string key) => GrainId.Create("api-key", key);

    private static async Task<GrainState<ApiKeyState>> ReadAsync(IGrainStorage storage, GrainId id)
    {
        var read = new GrainState<ApiKeyState>();
        await storage.ReadStateAsync("api-key", id, read);
        return read;
    }
}
