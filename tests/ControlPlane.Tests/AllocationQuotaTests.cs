using NetDiscovery.ControlPlane.Tests.Fixtures;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Client;
using NetDiscovery.TestKit;

namespace NetDiscovery.ControlPlane.Tests;

/// <summary>Limits on allocations alive at once, over real relays and real grains.</summary>
public sealed class AllocationQuotaTests(Region region)
{
    private const int Quota = 5;

    [Fact]
    public async Task Of_100_parallel_allocates_at_two_relays_exactly_the_quota_succeed_and_all_others_get_486()
    {
        var tenant = await region.NewTenantAsync(new Quotas { ConcurrentAllocations = Quota });
        await using var first = await RegionRelay.StartAsync(region);
        await using var second = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(async index => await clients.AllocateAsync(index % 2 == 0 ? first : second, await tenant.MintAsync())));
        Assert.Equal(Quota, outcomes.Count(code => code == 0));
        Assert.Equal(100 - Quota, outcomes.Count(code => code == 486));
        Assert.Equal(Quota, first.Server.Allocations + second.Server.Allocations);
    }

    [Fact]
    public async Task Places_freed_at_one_relay_are_good_at_once_at_another()
    {
        var tenant = await region.NewTenantAsync(new Quotas { ConcurrentAllocations = Quota });
        await using var first = await RegionRelay.StartAsync(region);
        await using var second = await RegionRelay.StartAsync(region);
        for (var round = 0; round < 10; round++)
        {
            var (here, there) = round % 2 == 0 ? (first, second) : (second, first);
            await using var clients = new Clients();
            for (var i = 0; i < Quota; i++)
            {
                Assert.Equal(0, await clients.AllocateAsync(here, await tenant.MintAsync()));
            }

            Assert.Equal(486, await clients.AllocateAsync(there, await tenant.MintAsync()));
            Assert.Equal(486, await clients.AllocateAsync(here, await tenant.MintAsync()));
            await clients.DeleteAllAsync();
        }
    }

    [Fact]
    public async Task A_credential_has_its_allocations_over_all_relays_together()
    {
        var tenant = await region.NewTenantAsync(new Quotas { ConcurrentAllocationsPerCredential = 4 });
        await using var first = await RegionRelay.StartAsync(region);
        await using var second = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        var (wide, narrow) = (await tenant.MintAsync(), await tenant.MintAsync(new CredentialScopes { MaxAllocations = 3 }));
        foreach (var (credential, limit) in new[] { (wide, 4), (narrow, 3) })
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(index => clients.AllocateAsync(index % 2 == 0 ? first : second, credential)));
            Assert.Equal(limit, outcomes.Count(code => code == 0));
            Assert.Equal(20 - limit, outcomes.Count(code => code == 486));
        }

        await clients.DeleteAllAsync();
        Assert.Equal(0, await clients.AllocateAsync(second, wide));
    }

    [Fact]
    public async Task A_limit_that_comes_later_counts_what_lives_already_and_one_that_goes_frees_everybody()
    {
        var tenant = await region.NewTenantAsync();
        await using var relay = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        await clients.AllocateManyAsync(relay, tenant, 3);

        await tenant.PutAsync(new DiscoveryConfiguration { Quotas = new Quotas { ConcurrentAllocations = 4 } });
        await AppliedAsync(relay, tenant);
        Assert.Equal(0, await clients.AllocateAsync(relay, await tenant.MintAsync()));
        Assert.Equal(486, await clients.AllocateAsync(relay, await tenant.MintAsync()));

        await tenant.PutAsync(new DiscoveryConfiguration());
        await AppliedAsync(relay, tenant);
        Assert.Equal(0, await clients.AllocateAsync(relay, await tenant.MintAsync()));
    }

    [Fact]
    public async Task A_relay_that_comes_back_gives_up_what_its_earlier_process_held()
    {
        var tenant = await region.NewTenantAsync(new Quotas { ConcurrentAllocations = Quota });
        await using var first = await RegionRelay.StartAsync(region);
        await using var second = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        await clients.AllocateManyAsync(first, tenant, Quota);

        await first.KillAsync();
        Assert.Equal(486, await clients.AllocateAsync(second, await tenant.MintAsync()));

        await first.StartServerAsync();
        await first.SeenAsync();
        var left = Quota - first.Server.Allocations;
        await clients.AllocateManyAsync(second, tenant, left);

        Assert.Equal(486, await clients.AllocateAsync(second, await tenant.MintAsync()));
    }

    [Fact]
    public async Task A_relay_goes_on_within_its_lease_while_the_cluster_is_away()
    {
        var tenant = await region.NewTenantAsync(new Quotas { ConcurrentAllocations = Quota });
        await using var relay = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        await clients.AllocateManyAsync(relay, tenant, Quota);

        var credential = await tenant.MintAsync();
        relay.CutOff(true);
        await clients.DeleteAllAsync();
        for (var i = 0; i < Quota; i++)
        {
            Assert.Equal(0, await clients.AllocateAsync(relay, credential));
        }

        relay.CutOff(false);
        Assert.Equal(486, await clients.AllocateAsync(relay, credential));
    }

    [Fact]
    public async Task After_10_000_cycles_with_relays_killed_and_grains_lost_nothing_has_drifted()
    {
        var tenant = await region.NewTenantAsync(new Quotas { ConcurrentAllocations = Quota });
        var credential = await tenant.MintAsync();
        var relays = new[] { await RegionRelay.StartAsync(region), await RegionRelay.StartAsync(region) };
        var allowance = region.Grain<IAllowanceGrain>(GrainKeys.Allowance(tenant.Id));
        var (opened, refused, live, most) = (0, 0, 0, 0);
        for (var round = 0; round < 5; round++)
        {
            // More clients than places: every one of them keeps asking.
            await Task.WhenAll(Enumerable.Range(0, 2 * (Quota + 1)).Select(async worker =>
            {
                await using var client = await relays[worker % 2].ConnectAsync(credential);
                while (Volatile.Read(ref opened) < 2_000 * (round + 1))
                {
                    try
                    {
                        await client.AllocateAsync(cancellationToken: TestContext.Current.CancellationToken);
                        // Between the answer and the request to delete the allocation lives for certain.
                        InterlockedMax(ref most, Interlocked.Increment(ref live));
                        await Task.Yield();
                        Interlocked.Decrement(ref live);
                        await client.RefreshAsync(0, cancellationToken: TestContext.Current.CancellationToken);
                        Interlocked.Increment(ref opened);
                    }
                    catch (StunErrorException error) when (error.Code == 486)
                    {
                        Interlocked.Increment(ref refused);
                    }
                }
            }));

            TestContext.Current.TestOutputHelper?.WriteLine($"round {round}: {opened} opened, {refused} refused, at most {most} at once");
            if (round % 2 == 0)
            {
                await relays[round / 2 % 2].KillAsync();
                await relays[round / 2 % 2].StartServerAsync();
            }
            else
            {
                await region.ForgetAsync(allowance);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{opened} opened and closed, {refused} refused, at most {most} at once");
        Assert.True(opened >= 10_000 && refused > 0, $"{opened} opened, {refused} refused");
        Assert.InRange(most, 1, Quota);

        await Task.WhenAll(relays.Select(relay => relay.SeenAsync()));
        await using (var clients = new Clients())
        {
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(index => clients.AllocateAsync(relays[index % 2], credential)));
            Assert.Equal(Quota, outcomes.Count(code => code == 0));
            Assert.Equal(15, outcomes.Count(code => code == 486));
            await clients.DeleteAllAsync();
        }

        await Eventually.EventuallyAsync(async () => (await allowance.GetAsync()).Held == 0, TimeSpan.FromSeconds(30), "idle relays have given back everything");
        foreach (var relay in relays)
        {
            await relay.DisposeAsync();
        }
    }

    private static Task AppliedAsync(RegionRelay relay, RegionTenant tenant) => Eventually.EventuallyAsync(
        async () => relay.Server.Services.Tenants.TryGet(tenant.Id, out var entry) && entry.Policy.Snapshot.Version == (await tenant.Grain.GetSnapshotAsync(null))!.Version,
        TimeSpan.FromSeconds(60), "the relay has the newest snapshot");

    private static void InterlockedMax(ref int target, int value)
    {
        for (var known = Volatile.Read(ref target); known < value; known = Volatile.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, known);
        }
    }
}
