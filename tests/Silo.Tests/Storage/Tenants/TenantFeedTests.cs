using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Tests.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Tenants;

/// <summary>The list of changed tenants that other regions follow.</summary>
public sealed class TenantFeedTests(PostgresServer server)
{
    [Theory, Engines]
    public async Task A_change_that_was_answered_is_in_the_feed_once_and_last_and_nothing_else_is(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(engine, server);
        await using var silo = await TestSilo.StartAsync(database);
        var feed = silo.Services.GetRequiredService<ITenantFeed>();
        var ids = Enumerable.Range(0, 3).Select(_ => TenantId.New()).ToArray();
        foreach (var id in ids)
        {
            Assert.NotNull(await Grain(silo, id).CreateAsync(new CreateTenant("tenant", null, new byte[32])));
        }

        var all = await feed.ReadAsync(0, 100);
        Assert.Equal(ids, all.Items.Select(item => item.Tenant));
        Assert.Equal(all.Items[^1].Position, all.Head);

        // What concerns one region alone is no change for others.
        await Grain(silo, ids[1]).RevokeHereAsync(TokenId.New(), TimeProvider.System.GetUtcNow().AddHours(1));
        Assert.Empty((await feed.ReadAsync(all.Head, 100)).Items);

        await Grain(silo, ids[0]).RotateSigningKeyAsync();
        await Grain(silo, ids[0]).RenameKeyAsync(ApiKeyId.New(), "no such key");
        var changed = Assert.Single((await feed.ReadAsync(all.Head, 100)).Items);
        Assert.Equal(ids[0], changed.Tenant);
        Assert.Contains("\"revision\"", changed.State, StringComparison.Ordinal);
        Assert.Equal([ids[1], ids[2], ids[0]], (await feed.ReadAsync(0, 100)).Items.Select(item => item.Tenant));
        Assert.Equal(changed.Position, (await feed.ReadAsync(changed.Position, 100)).Head);
        Assert.Equal(2, (await feed.ReadAsync(0, 2)).Items.Length);
    }

    [Theory, Engines]
    public async Task A_reader_that_follows_while_many_write_misses_nothing(StorageProvider engine)
    {
        const int Tenants = 8, Changes = 25;
        await using var database = await TestDatabase.CreateEmptyAsync(engine, server);
        await using var silo = await TestSilo.StartAsync(database);
        var feed = silo.Services.GetRequiredService<ITenantFeed>();
        var ids = Enumerable.Range(0, Tenants).Select(_ => TenantId.New()).ToArray();
        var writing = Task.WhenAll(ids.Select(async id =>
        {
            await Grain(silo, id).CreateAsync(new CreateTenant("tenant", null, new byte[32]));
            for (var change = 0; change < Changes; change++)
            {
                await Grain(silo, id).RevokeLabelAsync($"label-{change}");
            }
        }));

        var seen = new Dictionary<TenantId, string>();
        long position = 0;
        while (true)
        {
            var isOver = writing.IsCompleted;
            var page = await feed.ReadAsync(position, 3);
            foreach (var item in page.Items)
            {
                Assert.True(item.Position > position);
                (position, seen[item.Tenant]) = (item.Position, item.State);
            }

            if (isOver && page.Items.IsEmpty)
            {
                break;
            }
        }

        await writing;
        Assert.Equal(Tenants, seen.Count);
        Assert.All(seen.Values, state => Assert.Contains($"label-{Changes - 1}", state, StringComparison.Ordinal));
    }

    private static ITenantGrain Grain(TestSilo silo, TenantId id) => silo.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id));
}
