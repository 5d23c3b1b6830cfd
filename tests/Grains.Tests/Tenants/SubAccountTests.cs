using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Grains.Tests.Cluster;
using static NetDiscovery.Grains.Tests.Tenants.TestTenants;

namespace NetDiscovery.Grains.Tests.Tenants;

public sealed class SubAccountTests(GrainCluster cluster)
{
    [Fact]
    public async Task A_suspended_parent_suspends_all_below_it_and_gives_them_back()
    {
        var (parent, parentGrain) = await cluster.NewTenantAsync();
        var (child, childGrain) = await cluster.NewTenantAsync(parent);
        var (_, grandchild) = await cluster.NewTenantAsync(child);

        Assert.Equal(TenantChange.Done, await parentGrain.SetStatusAsync(TenantStatus.Suspended));
        Assert.Equal(TenantStatus.Suspended, (await childGrain.GetSnapshotAsync(null))!.Status);
        Assert.Equal(TenantStatus.Suspended, (await grandchild.AuthenticateAsync(null, Hash((await grandchild.GetAsync())!.Id.ToString())))!.Status);

        Assert.Equal(TenantChange.Done, await parentGrain.SetStatusAsync(TenantStatus.Active));
        Assert.Equal(TenantStatus.Active, (await childGrain.GetAsync())!.Status);
        Assert.Equal(TenantStatus.Active, (await grandchild.GetAsync())!.Status);
    }

    [Fact]
    public async Task A_sub_account_suspended_by_itself_stays_so_when_its_parent_comes_back()
    {
        var (parent, parentGrain) = await cluster.NewTenantAsync();
        var (_, child) = await cluster.NewTenantAsync(parent);
        await child.SetStatusAsync(TenantStatus.Suspended);
        await parentGrain.SetStatusAsync(TenantStatus.Suspended);
        await parentGrain.SetStatusAsync(TenantStatus.Active);
        Assert.Equal(TenantStatus.Suspended, (await child.GetAsync())!.Status);
    }

    [Fact]
    public async Task A_sub_account_made_active_under_a_suspended_parent_is_not()
    {
        var (parent, parentGrain) = await cluster.NewTenantAsync();
        var (_, child) = await cluster.NewTenantAsync(parent);
        await child.SetStatusAsync(TenantStatus.Suspended);
        await parentGrain.SetStatusAsync(TenantStatus.Suspended);
        await child.SetStatusAsync(TenantStatus.Active);
        Assert.Equal(TenantStatus.Suspended, (await child.GetAsync())!.Status);
        await parentGrain.SetStatusAsync(TenantStatus.Active);
        Assert.Equal(TenantStatus.Active, (await child.GetAsync())!.Status);
    }

    [Fact]
    public async Task Closing_a_parent_closes_its_sub_accounts()
    {
        var (parent, parentGrain) = await cluster.NewTenantAsync();
        var (_, child) = await cluster.NewTenantAsync(parent);
        await parentGrain.SetStatusAsync(TenantStatus.Closed);
        Assert.Equal(TenantStatus.Closed, (await child.GetAsync())!.Status);
        Assert.Equal(TenantChange.Closed, await child.SetStatusAsync(TenantStatus.Active));
    }

    [Fact]
    public async Task A_sub_account_needs_an_active_parent()
    {
        var (parent, parentGrain) = await cluster.NewTenantAsync();
        await parentGrain.SetStatusAsync(TenantStatus.Suspended);
        Assert.Null(await cluster.Tenant(TenantId.New()).CreateAsync(new CreateTenant("child", parent, Hash("child"))));
        Assert.Null(await cluster.Tenant(TenantId.New()).CreateAsync(new CreateTenant("orphan", TenantId.New(), Hash("orphan"))));
    }

    [Fact]
    public async Task A_sub_account_that_could_not_be_told_hears_of_it_when_the_call_is_repeated()
    {
        var (parent, parentGrain) = await cluster.NewTenantAsync();
        var (deaf, deafGrain) = await cluster.NewTenantAsync(parent);
        var (_, other) = await cluster.NewTenantAsync(parent);
        cluster.Storage.FailNextWrites("tenant", GrainKeys.Tenant(deaf));

        await Assert.ThrowsAnyAsync<Exception>(() => parentGrain.SetStatusAsync(TenantStatus.Suspended));
        Assert.Equal(TenantStatus.Suspended, (await other.GetAsync())!.Status);
        Assert.Equal(TenantChange.Done, await parentGrain.SetStatusAsync(TenantStatus.Suspended));
        Assert.Equal(TenantStatus.Suspended, (await deafGrain.GetAsync())!.Status);
        Assert.False(cluster.Storage.Stored<TenantState>("tenant", GrainKeys.Tenant(parent))!.SubAccountsBehind);
    }

    [Fact]
    public async Task A_parent_that_died_in_between_goes_on_when_it_is_next_activated()
    {
        var (parent, parentGrain) = await cluster.NewTenantAsync();
        var (deaf, deafGrain) = await cluster.NewTenantAsync(parent);
        cluster.Storage.FailNextWrites("tenant", GrainKeys.Tenant(deaf));
        await Assert.ThrowsAnyAsync<Exception>(() => parentGrain.SetStatusAsync(TenantStatus.Suspended));
        await cluster.ForgetAsync(parentGrain);

        var (reached, release) = cluster.Storage.HoldNextWrite("tenant", GrainKeys.Tenant(deaf));
        await parentGrain.GetAsync();
        await reached.WaitAsync(TimeSpan.FromSeconds(60));
        release.SetResult();
        Assert.Equal(TenantChange.Done, await parentGrain.SetStatusAsync(TenantStatus.Suspended));
        Assert.Equal(TenantStatus.Suspended, (await deafGrain.GetAsync())!.Status);
    }

    [Fact]
    public async Task Parent_and_sub_accounts_changing_at_once_end_alike_and_never_wait_for_each_other()
    {
        var (parent, parentGrain) = await cluster.NewTenantAsync();
        var early = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cluster.NewTenantAsync(parent)));
        var late = Enumerable.Range(0, 4).Select(_ => TenantId.New()).ToList();

        var changes = Task.WhenAll([
            parentGrain.SetStatusAsync(TenantStatus.Suspended),
            .. early.Select(child => (Task)child.Grain.PutDiscoveryAsync(new DiscoveryConfiguration { Decision = "direct" }, null)),
            .. late.Select(child => (Task)cluster.Tenant(child).CreateAsync(new CreateTenant("late", parent, Hash("late"))))]);
        await changes.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.All(early, child => Assert.Equal(TenantStatus.Suspended, child.Grain.GetAsync().Result!.Status));
        foreach (var child in late)
            Assert.NotEqual(TenantStatus.Active, (await cluster.Tenant(child).GetAsync())?.Status);
    }
}
