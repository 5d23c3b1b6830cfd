using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Tests.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Tenants;

public sealed class TenantIndexTests(PostgresServer server)
{
    [Theory, Engines]
    public async Task Tenants_are_listed_in_order_of_id_by_parent_and_in_pages_and_survive_a_restart(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(engine, server);
        var ids = Enumerable.Range(0, 11).Select(_ => TenantId.New()).ToArray();
        await using (var silo = await TestSilo.StartAsync(database))
        {
            for (var i = 0; i < ids.Length; i++)
            {
                await CreateAsync(silo, ids[i], $"tenant {i}", i is > 0 and < 5 ? ids[0] : null);
            }
        }

        await using var restarted = await TestSilo.StartAsync(database);
        var index = restarted.Services.GetRequiredService<ITenantIndex>();
        var ordered = ids.OrderBy(id => id.ToString(), StringComparer.Ordinal).ToArray();

        Assert.Equal(ordered, (await index.ListAsync(null, null, 1000)).Select(tenant => tenant.Id));
        Assert.Equal(ordered[3..6], (await index.ListAsync(null, ordered[2], 3)).Select(tenant => tenant.Id));
        var children = await index.ListAsync(ids[0], null, 1000);
        Assert.Equal(ids[1..5].Order(Comparer<TenantId>.Create((left, right) => string.CompareOrdinal(left.ToString(), right.ToString()))), children.Select(tenant => tenant.Id));
        Assert.All(children, tenant => Assert.Equal(ids[0], tenant.Parent));
        Assert.Equal(await restarted.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(ids[3])).GetAsync(), children.Single(tenant => tenant.Id == ids[3]));
        Assert.Equal($"tenant 7 active", await database.ScalarAsync<string>($"SELECT name || ' ' || status FROM tenants WHERE tenant = '{ids[7]}'"));
    }

    private static async Task CreateAsync(TestSilo silo, TenantId id, string name, TenantId? parent) =>
        Assert.NotNull(await silo.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id)).CreateAsync(new CreateTenant(name, parent, new byte[32])));
}
