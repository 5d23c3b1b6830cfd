using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tests.Cluster;
using static NetDiscovery.Grains.Tests.Tenants.TestTenants;

namespace NetDiscovery.Grains.Tests.Tenants;

public sealed class ApiKeyTests(GrainCluster cluster)
{
    [Fact]
    public async Task A_key_added_many_times_at_once_is_there_once_and_leads_to_its_tenant()
    {
        var (id, grain) = await cluster.NewTenantAsync();
        var key = ApiKeyId.New();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => grain.AddKeyAsync(key, "ci", Hash("secret"))));

        Assert.All(answers, answer => Assert.Equal((TenantChange.Done, key), (answer.Outcome, answer.Key!.Id)));
        Assert.Equal([key], (await grain.ListKeysAsync()).Select(listed => listed.Id));
        Assert.Equal(id, await Key(key).GetTenantAsync());
    }

    [Fact]
    public async Task The_same_id_with_another_secret_is_a_conflict()
    {
        var (_, grain) = await cluster.NewTenantAsync();
        var key = ApiKeyId.New();
        await grain.AddKeyAsync(key, "ci", Hash("secret"));
        Assert.Equal(TenantChange.Conflict, (await grain.AddKeyAsync(key, "ci", Hash("another"))).Outcome);
        Assert.NotNull(await grain.AuthenticateAsync(key, Hash("secret")));
    }

    [Fact]
    public async Task A_removed_key_is_unknown_at_once_and_removing_it_again_says_so()
    {
        var (_, grain) = await cluster.NewTenantAsync();
        var key = ApiKeyId.New();
        await grain.AddKeyAsync(key, "ci", Hash("secret"));
        Assert.True(await grain.RemoveKeyAsync(key));
        Assert.False(await grain.RemoveKeyAsync(key));
        Assert.Null(await grain.AuthenticateAsync(key, Hash("secret")));
        Assert.Null(await Key(key).GetTenantAsync());
    }

    [Fact]
    public async Task A_renamed_key_keeps_its_secret_and_a_missing_one_is_not_renamed()
    {
        var (_, grain) = await cluster.NewTenantAsync();
        var key = ApiKeyId.New();
        await grain.AddKeyAsync(key, "ci", Hash("secret"));
        Assert.Equal("build", (await grain.RenameKeyAsync(key, "build"))?.Name);
        Assert.Equal(["build"], (await grain.ListKeysAsync()).Select(known => known.Name));
        Assert.NotNull(await grain.AuthenticateAsync(key, Hash("secret")));
        Assert.Null(await grain.RenameKeyAsync(ApiKeyId.New(), "build"));
    }

    [Fact]
    public async Task A_tenant_can_neither_take_nor_remove_the_key_of_another()
    {
        var (owner, ownerGrain) = await cluster.NewTenantAsync();
        var (_, thief) = await cluster.NewTenantAsync();
        var key = ApiKeyId.New();
        await ownerGrain.AddKeyAsync(key, "ci", Hash("secret"));

        Assert.Equal(TenantChange.Conflict, (await thief.AddKeyAsync(key, "mine", Hash("secret"))).Outcome);
        Assert.False(await thief.RemoveKeyAsync(key));
        Assert.Equal(owner, await Key(key).GetTenantAsync());
        Assert.Empty(await thief.ListKeysAsync());
    }

    [Fact]
    public async Task A_key_whose_tenant_could_not_be_stored_is_added_by_the_repetition()
    {
        var (id, grain) = await cluster.NewTenantAsync();
        var key = ApiKeyId.New();
        cluster.Storage.FailNextWrites("tenant", GrainKeys.Tenant(id));
        await Assert.ThrowsAsync<OrleansException>(() => grain.AddKeyAsync(key, "ci", Hash("secret")));
        Assert.Null(await grain.AuthenticateAsync(key, Hash("secret")));
        Assert.Equal(TenantChange.Done, (await grain.AddKeyAsync(key, "ci", Hash("secret"))).Outcome);
        Assert.NotNull(await grain.AuthenticateAsync(key, Hash("secret")));
    }

    private IApiKeyGrain Key(ApiKeyId id) => cluster.Grain<IApiKeyGrain>(GrainKeys.ApiKey(id));
}
