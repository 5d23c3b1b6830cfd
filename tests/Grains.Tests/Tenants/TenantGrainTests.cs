using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tests.Cluster;
using static NetDiscovery.Grains.Tests.Tenants.TestTenants;

namespace NetDiscovery.Grains.Tests.Tenants;

public sealed class TenantGrainTests(GrainCluster cluster)
{
    [Fact]
    public async Task Create_twice_answers_the_same()
    {
        var id = TenantId.New();
        var request = new CreateTenant("acme", null, Hash("token"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cluster.Tenant(id).CreateAsync(request)));

        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        Assert.Equal((id, "acme", TenantStatus.Active), (answers[0]!.Id, answers[0]!.Name, answers[0]!.Status));
        Assert.Equal(1, cluster.Storage.Writes("tenant", GrainKeys.Tenant(id)));
    }

    [Fact]
    public async Task Create_with_another_auth_token_answers_nothing_and_changes_nothing()
    {
        var (id, grain) = await cluster.NewTenantAsync();
        Assert.Null(await grain.CreateAsync(new CreateTenant("other", null, Hash("other"))));
        Assert.Equal("test", (await grain.GetAsync())!.Name);
        Assert.NotNull(await grain.AuthenticateAsync(null, Hash(id.ToString())));
    }

    [Fact]
    public async Task Only_the_auth_token_and_the_named_api_key_authenticate()
    {
        var (id, grain) = await cluster.NewTenantAsync();
        var (key, otherKey) = (ApiKeyId.New(), ApiKeyId.New());
        Assert.Equal(TenantChange.Done, (await grain.AddKeyAsync(key, "ci", Hash("secret"))).Outcome);
        Assert.Equal(TenantChange.Done, (await grain.AddKeyAsync(otherKey, "ci", Hash("other secret"))).Outcome);

        Assert.Equal(id, (await grain.AuthenticateAsync(null, Hash(id.ToString())))!.Id);
        Assert.Equal(id, (await grain.AuthenticateAsync(key, Hash("secret")))!.Id);
        Assert.Null(await grain.AuthenticateAsync(null, Hash("secret")));
        Assert.Null(await grain.AuthenticateAsync(null, []));
        Assert.Null(await grain.AuthenticateAsync(key, Hash(id.ToString())));
        Assert.Null(await grain.AuthenticateAsync(otherKey, Hash("secret")));
        Assert.Null(await grain.AuthenticateAsync(ApiKeyId.New(), Hash("secret")));
        Assert.Null(await cluster.Tenant(TenantId.New()).AuthenticateAsync(null, []));
    }

    [Fact]
    public async Task Suspended_tenants_can_be_active_again_and_still_authenticate_as_suspended()
    {
        var (id, grain) = await cluster.NewTenantAsync();
        Assert.Equal(TenantChange.Done, await grain.SetStatusAsync(TenantStatus.Suspended));
        Assert.Equal(TenantStatus.Suspended, (await grain.AuthenticateAsync(null, Hash(id.ToString())))!.Status);
        Assert.Equal(TenantStatus.Suspended, (await grain.GetSnapshotAsync(null))!.Status);
        Assert.Equal(TenantChange.Done, await grain.SetStatusAsync(TenantStatus.Active));
        Assert.Equal(TenantStatus.Active, (await grain.GetAsync())!.Status);
    }

    [Fact]
    public async Task Closed_is_final_and_refuses_every_change()
    {
        var (_, grain) = await cluster.NewTenantAsync();
        Assert.Equal(TenantChange.Done, await grain.SetStatusAsync(TenantStatus.Closed));
        Assert.Equal(TenantChange.Done, await grain.SetStatusAsync(TenantStatus.Closed));
        var version = (await grain.GetSnapshotAsync(null))!.Version;

        Assert.Equal(TenantChange.Closed, await grain.SetStatusAsync(TenantStatus.Active));
        Assert.Equal(TenantChange.Closed, await grain.SetStatusAsync(TenantStatus.Suspended));
        Assert.Equal(TenantChange.Closed, (await grain.AddKeyAsync(ApiKeyId.New(), "late", Hash("late"))).Outcome);
        Assert.Equal(TenantChange.Closed, await grain.RevokeTokenAsync(TokenId.New(), cluster.Time.GetUtcNow().AddDays(1)));
        Assert.Equal(TenantChange.Closed, await grain.RevokeLabelAsync("label"));
        Assert.Equal(0u, await grain.RotateSigningKeyAsync());
        Assert.Equal(DiscoveryChangeOutcome.Closed, (await grain.PutDiscoveryAsync(new DiscoveryConfiguration { Decision = "direct" }, null)).Outcome);
        Assert.Equal((TenantStatus.Closed, version), ((await grain.GetAsync())!.Status, (await grain.GetSnapshotAsync(null))!.Version));
    }

    [Fact]
    public async Task A_tenant_that_does_not_exist_answers_so_everywhere_and_nothing_is_stored()
    {
        var id = TenantId.New();
        var grain = cluster.Tenant(id);
        Assert.Equal(TenantChange.NotFound, await grain.SetStatusAsync(TenantStatus.Suspended));
        Assert.Equal(TenantChange.NotFound, (await grain.AddKeyAsync(ApiKeyId.New(), "k", Hash("k"))).Outcome);
        Assert.Equal(TenantChange.NotFound, await grain.RevokeTokenAsync(TokenId.New(), cluster.Time.GetUtcNow().AddDays(1)));
        Assert.Equal(TenantChange.NotFound, await grain.RevokeLabelAsync("label"));
        Assert.Equal(0u, await grain.RotateSigningKeyAsync());
        Assert.Equal(DiscoveryChangeOutcome.NotFound, (await grain.PutDiscoveryAsync(DiscoveryConfiguration.Default, 1)).Outcome);
        Assert.Null(await grain.GetDiscoveryAsync());
        Assert.Null(await grain.GetSnapshotAsync("relay"));
        Assert.Empty(await grain.ListKeysAsync());
        Assert.Equal(0, cluster.Storage.Writes("tenant", GrainKeys.Tenant(id)));
    }

    [Fact]
    public async Task Put_discovery_replaces_only_the_expected_version()
    {
        var (_, grain) = await cluster.NewTenantAsync();
        var first = await grain.PutDiscoveryAsync(new DiscoveryConfiguration { Version = 77, Decision = "relay-only" }, 1);
        Assert.Equal((DiscoveryChangeOutcome.Stored, 2L), (first.Outcome, first.Configuration!.Version));

        var late = await grain.PutDiscoveryAsync(new DiscoveryConfiguration { Decision = "direct" }, 1);
        Assert.Equal((DiscoveryChangeOutcome.VersionConflict, 2L, "relay-only"), (late.Outcome, late.Configuration!.Version, late.Configuration.Decision));

        var any = await grain.PutDiscoveryAsync(new DiscoveryConfiguration { Decision = "direct" }, null);
        Assert.Equal((DiscoveryChangeOutcome.Stored, 3L), (any.Outcome, any.Configuration!.Version));
    }

    [Fact]
    public async Task Put_discovery_again_after_a_lost_answer_is_stored_once()
    {
        var (_, grain) = await cluster.NewTenantAsync();
        var request = new DiscoveryConfiguration { Decision = "relay-only", Regions = ["eu", "us"] };
        await grain.PutDiscoveryAsync(request, 1);
        var snapshot = (await grain.GetSnapshotAsync(null))!.Version;

        var again = await grain.PutDiscoveryAsync(request, 1);
        Assert.Equal((DiscoveryChangeOutcome.Stored, 2L), (again.Outcome, again.Configuration!.Version));
        Assert.Equal(snapshot, (await grain.GetSnapshotAsync(null))!.Version);
    }

    [Fact]
    public async Task Of_concurrent_puts_on_one_version_exactly_one_is_stored()
    {
        var (_, grain) = await cluster.NewTenantAsync();
        var answers = await Task.WhenAll(Enumerable.Range(1, 10).Select(
            n => grain.PutDiscoveryAsync(new DiscoveryConfiguration { TokenTtlSeconds = new TokenTtl { Default = n } }, 1)));
        Assert.Single(answers, answer => answer.Outcome == DiscoveryChangeOutcome.Stored);
        Assert.Equal(2, (await grain.GetDiscoveryAsync())!.Version);
    }

    [Fact]
    public async Task A_failed_write_leaves_everything_as_it_was_and_can_be_repeated()
    {
        var (id, grain) = await cluster.NewTenantAsync();
        var before = await grain.GetSnapshotAsync(null);
        cluster.Storage.FailNextWrites("tenant", GrainKeys.Tenant(id));
        await Assert.ThrowsAsync<OrleansException>(() => grain.SetStatusAsync(TenantStatus.Suspended));

        Assert.Equal(TenantStatus.Active, (await grain.GetAsync())!.Status);
        Assert.Equal(before!.Version, (await grain.GetSnapshotAsync(null))!.Version);
        Assert.Equal(TenantChange.Done, await grain.SetStatusAsync(TenantStatus.Suspended));
        await cluster.ForgetAsync(grain);
        Assert.Equal(TenantStatus.Suspended, (await grain.GetAsync())!.Status);
    }

    [Fact]
    public async Task A_write_whose_answer_got_lost_is_found_by_the_next_change()
    {
        var (id, grain) = await cluster.NewTenantAsync();
        cluster.Storage.FailNextWrites("tenant", GrainKeys.Tenant(id), afterStoring: true);
        await Assert.ThrowsAsync<OrleansException>(() => grain.PutDiscoveryAsync(new DiscoveryConfiguration { Decision = "relay-only" }, 1));
        Assert.Equal(1, (await grain.GetDiscoveryAsync())!.Version);

        var again = await grain.PutDiscoveryAsync(new DiscoveryConfiguration { Decision = "relay-only" }, 1);
        Assert.Equal((DiscoveryChangeOutcome.Stored, 2L), (again.Outcome, again.Configuration!.Version));
        Assert.Equal("relay-only", (await grain.GetDiscoveryAsync())!.Decision);
    }

    [Fact]
    public async Task Reads_go_on_while_a_write_hangs_and_see_only_what_is_stored()
    {
        var (id, grain) = await cluster.NewTenantAsync();
        var (reached, release) = cluster.Storage.HoldNextWrite("tenant", GrainKeys.Tenant(id));
        var change = grain.SetStatusAsync(TenantStatus.Suspended);
        await reached.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(TenantStatus.Active, (await grain.AuthenticateAsync(null, Hash(id.ToString())))!.Status);
        Assert.Equal(TenantStatus.Active, (await grain.GetSnapshotAsync(null))!.Status);
        Assert.False(change.IsCompleted);
        release.SetResult();
        Assert.Equal(TenantChange.Done, await change);
        Assert.Equal(TenantStatus.Suspended, (await grain.GetSnapshotAsync(null))!.Status);
    }

    [Fact]
    public async Task The_snapshot_version_grows_with_each_change_of_the_snapshot_and_not_with_api_keys()
    {
        var (_, grain) = await cluster.NewTenantAsync();
        var versions = new List<long> { (await grain.GetSnapshotAsync(null))!.Version };
        foreach (var change in new Func<Task>[]
        {
            () => grain.RotateSigningKeyAsync(),
            () => grain.PutDiscoveryAsync(new DiscoveryConfiguration { Decision = "direct" }, null),
            () => grain.RevokeTokenAsync(TokenId.New(), cluster.Time.GetUtcNow().AddDays(40)),
            () => grain.RevokeLabelAsync("old"),
            () => grain.SetStatusAsync(TenantStatus.Suspended),
        })
        {
            await change();
            var version = (await grain.GetSnapshotAsync(null))!.Version;
            Assert.True(version > versions[^1], $"After change {versions.Count} the version is {version}.");
            versions.Add(version);
        }

        await grain.AddKeyAsync(ApiKeyId.New(), "key", Hash("key"));
        Assert.Equal(versions[^1], (await grain.GetSnapshotAsync(null))!.Version);
    }

    [Fact]
    public async Task All_that_was_changed_is_there_after_the_activation_ended()
    {
        var (id, grain) = await cluster.NewTenantAsync();
        var (key, token) = (ApiKeyId.New(), TokenId.New());
        await grain.AddKeyAsync(key, "ci", Hash("secret"));
        await grain.RotateSigningKeyAsync();
        await grain.PutDiscoveryAsync(new DiscoveryConfiguration { Decision = "relay-only" }, 1);
        await grain.RevokeTokenAsync(token, cluster.Time.GetUtcNow().AddDays(400));
        await grain.RevokeLabelAsync("stolen");
        var before = (await grain.GetSnapshotAsync(null))!;
        await cluster.ForgetAsync(grain);

        var after = (await grain.GetSnapshotAsync(null))!;
        Assert.True(StateJson.Same(before, after));
        Assert.Equal([2u, 1u], after.SigningKeys.Select(signing => signing.Version));
        Assert.Equal([token], after.RevokedTokens);
        Assert.Equal(["stolen"], after.RevokedLabels.Keys);
        Assert.Equal(id, (await grain.AuthenticateAsync(key, Hash("secret")))!.Id);
    }

    [Fact]
    public async Task Tenants_are_listed_by_parent_in_pages()
    {
        var (parent, _) = await cluster.NewTenantAsync();
        var children = new List<TenantId>();
        for (var i = 0; i < 5; i++)
            children.Add((await cluster.NewTenantAsync(parent)).Id);

        var query = cluster.Silos.Client.GetGrain<ITenantQueryGrain>(0);
        var first = await query.ListAsync(parent, null, 3);
        var rest = await query.ListAsync(parent, first[^1].Id, 3);
        Assert.Equal(children.Order(Comparer<TenantId>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))), first.Concat(rest).Select(tenant => tenant.Id));
        Assert.Single(await query.ListAsync(null, null, 0));
    }
}
