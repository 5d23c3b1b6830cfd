using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tests.Allocations;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Tests.Tenants;
using NetDiscovery.TestKit;

namespace NetDiscovery.Grains.Tests;

[Collection(GrainCluster.Clock)]
public sealed class RetirementTests(GrainCluster cluster)
{
    [Fact]
    public async Task What_does_not_exist_or_has_ended_leaves_memory_and_the_rest_stays()
    {
        var (_, tenant) = await cluster.NewTenantAsync();
        var (live, ended) = (new TestEvents(), new TestEvents());
        var (liveGrain, endedGrain) = (Allocation(live.Id), Allocation(ended.Id));
        await cluster.Grain<IControlEventGrain>(GrainKeys.Ingest(live.Id)).DeliverAsync("relay-1", [live.Opened()]);
        await endedGrain.ApplyAsync([ended.Opened(), ended.Closed(1)]);
        await Eventually.EventuallyAsync(() => !IsActive(endedGrain), TimeSpan.FromSeconds(60), "the allocation that ended is gone at once");
        Assert.NotNull(await endedGrain.GetAsync());

        var noTenant = cluster.Tenant(TenantId.New());
        var noKey = cluster.Grain<IApiKeyGrain>(GrainKeys.ApiKey(ApiKeyId.New()));
        var noSession = cluster.Grain<ISessionGrain>(GrainKeys.Session(SessionId.New("eu")));
        var noAllocation = Allocation(new AllocationId(Guid.NewGuid()));
        Assert.Null(await noTenant.AuthenticateAsync(null, [1]));
        Assert.Null(await noKey.GetTenantAsync());
        Assert.Null(await noSession.GetAsync());
        Assert.Null(await noAllocation.GetAsync());

        var leaving = new IGrain[] { noTenant, noKey, noSession, noAllocation, endedGrain };
        Assert.All(leaving, grain => Assert.True(IsActive(grain)));
        cluster.Time.Advance(Retirement.QuietTime);
        await Eventually.EventuallyAsync(() => !leaving.Any(IsActive), TimeSpan.FromSeconds(60), "the activations without worth are gone");
        Assert.True(IsActive(tenant));
        Assert.True(IsActive(liveGrain));
    }

    [Fact]
    public async Task What_came_into_being_meanwhile_stays()
    {
        var id = TenantId.New();
        var grain = cluster.Tenant(id);
        Assert.Null(await grain.GetAsync());
        await grain.CreateAsync(new CreateTenant("late", null, TestTenants.Hash("late")));
        cluster.Time.Advance(Retirement.QuietTime * 2);
        Assert.NotNull(await grain.GetAsync());
        Assert.True(IsActive(grain));
    }

    private IAllocationGrain Allocation(AllocationId id) => cluster.Grain<IAllocationGrain>(GrainKeys.Allocation(id));

    private bool IsActive(IGrain grain) => cluster.Silos.TryGetGrainContext(grain.GetGrainId(), out _);
}
