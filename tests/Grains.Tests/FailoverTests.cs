using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tests.Allocations;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Tests.Relays;
using NetDiscovery.Grains.Tests.Tenants;
using NetDiscovery.TestKit;

namespace NetDiscovery.Grains.Tests;

/// <summary>A cluster of its own, one silo of which is killed.</summary>
public sealed class FailoverTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task A_killed_silo_takes_nothing_with_it()
    {
        await using var cluster = new GrainCluster(fastFailover: true);
        await cluster.InitializeAsync();

        // Enough of each kind that both silos have some.
        var tenants = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => cluster.NewTenantAsync()));
        var relay = await cluster.NewRelayAsync();
        var allocations = tenants.Select(tenant => new TestEvents { Tenant = tenant.Id, RelayId = relay.Id }).ToList();
        var sessions = tenants.Select(tenant => new CreateSession(
            SessionId.New("eu"), tenant.Id, [new SessionEndpoint("alice", null, null, [1])], ImmutableSortedDictionary<string, string>.Empty, "")).ToList();
        await relay.Grain.CommandAsync(new SetDraining(true));
        foreach (var (tenant, index) in tenants.Select((tenant, index) => (tenant.Grain, index)))
        {
            await tenant.PutDiscoveryAsync(new DiscoveryConfiguration { Decision = "relay-only" }, 1);
            await tenant.GetSnapshotAsync(relay.Id);
            await cluster.Grain<IAllocationGrain>(GrainKeys.Allocation(allocations[index].Id)).ApplyAsync([allocations[index].Opened(), allocations[index].Usage(500)]);
            Assert.NotNull(await cluster.Grain<ISessionGrain>(GrainKeys.Session(sessions[index].Id)).CreateAsync(sessions[index]));
        }

        cluster.ExpectDeath();
        await cluster.Silos.KillSiloAsync(cluster.Silos.Silos[1]);

        for (var i = 0; i < tenants.Length; i++)
        {
            var (id, tenant) = tenants[i];
            var events = allocations[i];
            await SoonAsync(async () => Assert.Equal(2, (await tenant.GetDiscoveryAsync())!.Version));
            await SoonAsync(async () => Assert.NotNull(await tenant.AuthenticateAsync(null, TestTenants.Hash(id.ToString()))));
            await SoonAsync(async () => Assert.Equal(DecisionMode.Turn, (await cluster.Grain<ISessionGrain>(GrainKeys.Session(sessions[i].Id)).GetAsync())!.Decision.Mode));

            // The relay goes on reporting: what was counted stays counted, what is new is added.
            ImmutableArray<ControlEvent> more = [events.Usage(900)];
            await SoonAsync(async () => Assert.Empty((await cluster.Grain<IControlEventGrain>(GrainKeys.Ingest(events.Id)).DeliverAsync(relay.Id, more)).Unknown));
            Assert.Equal((900L, 1L), (cluster.Ledger.Total(id).BytesToPeer, cluster.Ledger.Total(id).Allocations));

            // Subscribers are remembered although the silo that served them is gone.
            await SoonAsync(async () => await tenant.RotateSigningKeyAsync());
        }

        await SoonAsync(async () => Assert.True((await relay.Grain.GetAsync())!.Draining));
        var told = new HashSet<TenantId>();
        await Eventually.EventuallyAsync(
            async () =>
            {
                // A notification that met the dead silo is tried again after a pause on this clock.
                cluster.Time.Advance(TimeSpan.FromSeconds(1));
                told.UnionWith((await relay.BeatAsync()).Commands.Select(command => command.Command).OfType<RefreshTenant>().Select(refresh => refresh.Tenant));
                return tenants.All(tenant => told.Contains(tenant.Id));
            },
            Patience,
            "the relay hears of every tenant's change");
    }

    // A call that meets the dead silo fails and may be repeated; that is all a client notices.
    private static Task SoonAsync(Func<Task> step) => Eventually.EventuallyAsync(
        async () =>
        {
            try
            {
                await step();
                return true;
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException or OperationCanceledException)
            {
                return false;
            }
        },
        Patience,
        "the surviving silo answers");
}
