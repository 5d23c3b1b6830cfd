using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Sessions;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Tests.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Sessions;

public sealed class SessionIndexTests(PostgresServer server)
{
    [Theory, Engines]
    public async Task Sessions_of_a_tenant_are_listed_those_made_last_first_by_state_and_in_pages(StorageProvider engine)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(engine, server);
        await using var silo = await TestSilo.StartAsync(database);
        var (tenant, other) = (await NewTenantAsync(silo), await NewTenantAsync(silo));
        var made = new List<SessionId>();
        for (var number = 0; number < 4; number++)
        {
            made.Insert(0, await NewSessionAsync(silo, tenant));
        }

        await NewSessionAsync(silo, other);
        Assert.True(await silo.Grains.GetGrain<ISessionGrain>(GrainKeys.Session(made[2])).EndAsync());
        var index = silo.Services.GetRequiredService<ISessionIndex>();

        Assert.Equal(made, await ListAsync(null, 0, 10));
        Assert.Equal(made[1..3], await ListAsync(null, 1, 2));
        Assert.Equal([made[2]], await ListAsync(SessionState.Ended, 0, 10));
        Assert.Equal([made[0], made[1], made[3]], await ListAsync(SessionState.Created, 0, 10));
        Assert.Equal(made, (await silo.Grains.GetGrain<ISessionQueryGrain>(0).ListAsync(new SessionQuery(tenant, null, -1, 10_000))).Select(session => session.Id));

        async Task<IEnumerable<SessionId>> ListAsync(SessionState? state, int offset, int limit) =>
            (await index.ListAsync(new SessionQuery(tenant, state, offset, limit))).Select(session => session.Id);
    }

    private static async Task<TenantId> NewTenantAsync(TestSilo silo)
    {
        var id = TenantId.New();
        Assert.NotNull(await silo.Grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id)).CreateAsync(new CreateTenant("Acme", null, new byte[32])));
        return id;
    }

    private static async Task<SessionId> NewSessionAsync(TestSilo silo, TenantId tenant)
    {
        var id = SessionId.New("local");
        Assert.NotNull(await silo.Grains.GetGrain<ISessionGrain>(GrainKeys.Session(id)).CreateAsync(new CreateSession(
            id, tenant, [new SessionEndpoint("alice", null, null, new byte[32]), new SessionEndpoint("bob", null, null, new byte[32])],
            ImmutableSortedDictionary<string, string>.Empty, "it is the only one")));
        return id;
    }
}
