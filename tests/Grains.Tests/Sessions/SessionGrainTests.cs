using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Tests.Tenants;

namespace NetDiscovery.Grains.Tests.Sessions;

public sealed class SessionGrainTests(GrainCluster cluster)
{
    [Theory]
    [InlineData("relay-only", DecisionMode.Turn)]
    [InlineData("direct", DecisionMode.Stun)]
    [InlineData("prefer-direct", DecisionMode.Undecided)]
    public async Task The_tenants_policy_decides_and_the_decision_says_why(string policy, DecisionMode mode)
    {
        var (tenant, tenantGrain) = await cluster.NewTenantAsync();
        await tenantGrain.PutDiscoveryAsync(new DiscoveryConfiguration { Decision = policy }, null);
        var request = Request(tenant);
        var session = (await Session(request.Id).CreateAsync(request))!;

        Assert.Equal((request.Id, tenant, SessionState.Created, mode), (session.Id, session.Tenant, session.State, session.Decision.Mode));
        Assert.NotEmpty(session.Decision.Reason);
        Assert.Equal((policy, "192.0.2.7", "unknown"), (session.Decision.Inputs["policy"], session.Decision.Inputs["endpoint.alice.address"], session.Decision.Inputs["endpoint.bob.address"]));
        Assert.Equal(("eu", "declared by alice"), (session.Decision.Region, session.Decision.RegionReason));
        Assert.Equal(["created", $"decision {mode.ToString().ToLowerInvariant()}"], (await Session(request.Id).GetTimelineAsync()).Select(entry => entry.Event));
    }

    [Fact]
    public async Task Creating_many_times_at_once_makes_one_session_and_counts_one()
    {
        var (tenant, _) = await cluster.NewTenantAsync();
        var request = Request(tenant);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Session(request.Id).CreateAsync(request)));
        Assert.All(answers, answer => Assert.True(StateJson.Same(answers[0], answer)));
        Assert.Equal(1, cluster.Ledger.Total(tenant).Sessions);
        Assert.Equal(2, (await Session(request.Id).GetTimelineAsync()).Length);
    }

    [Fact]
    public async Task A_session_that_the_ledger_refused_is_counted_by_the_repetition()
    {
        var (tenant, _) = await cluster.NewTenantAsync();
        var request = Request(tenant);
        cluster.Ledger.FailNext(request.Id.Value);
        await Assert.ThrowsAsync<IOException>(() => Session(request.Id).CreateAsync(request));
        Assert.NotNull(await Session(request.Id).CreateAsync(request));
        Assert.Equal(1, cluster.Ledger.Total(tenant).Sessions);
    }

    [Fact]
    public async Task Another_request_under_the_same_id_gets_nothing()
    {
        var (tenant, _) = await cluster.NewTenantAsync();
        var (other, _) = await cluster.NewTenantAsync();
        var request = Request(tenant);
        await Session(request.Id).CreateAsync(request);
        Assert.Null(await Session(request.Id).CreateAsync(request with { Tenant = other }));
        Assert.Null(await Session(request.Id).CreateAsync(request with { Metadata = request.Metadata.Add("more", "1") }));
        Assert.Equal(0, cluster.Ledger.Total(other).Sessions);
        await Assert.ThrowsAsync<ArgumentException>(() => Session(SessionId.New("eu")).CreateAsync(request));
    }

    [Fact]
    public async Task Inactive_and_unknown_tenants_get_no_session()
    {
        var (tenant, tenantGrain) = await cluster.NewTenantAsync();
        await tenantGrain.SetStatusAsync(TenantStatus.Suspended);
        var (suspended, unknown) = (Request(tenant), Request(TenantId.New()));
        Assert.Null(await Session(suspended.Id).CreateAsync(suspended));
        Assert.Null(await Session(unknown.Id).CreateAsync(unknown));
        Assert.Null(await Session(suspended.Id).GetAsync());
    }

    [Fact]
    public async Task An_ended_session_stays_ended_and_known()
    {
        var (tenant, _) = await cluster.NewTenantAsync();
        var request = Request(tenant);
        var grain = Session(request.Id);
        Assert.False(await grain.EndAsync());
        await grain.CreateAsync(request);
        Assert.True(await grain.EndAsync());
        Assert.True(await grain.EndAsync());
        await cluster.ForgetAsync(grain);

        var session = (await grain.GetAsync())!;
        Assert.Equal(SessionState.Ended, session.State);
        Assert.NotNull(session.EndedAt);
        Assert.Equal(SessionState.Ended, (await grain.CreateAsync(request))!.State);
        Assert.Single(await grain.GetTimelineAsync(), entry => entry.Event == "ended");
    }

    [Fact]
    public async Task A_failed_write_makes_no_session()
    {
        var (tenant, _) = await cluster.NewTenantAsync();
        var request = Request(tenant);
        cluster.Storage.FailNextWrites("session", GrainKeys.Session(request.Id));
        await Assert.ThrowsAsync<OrleansException>(() => Session(request.Id).CreateAsync(request));
        Assert.Null(await Session(request.Id).GetAsync());
        Assert.Equal(0, cluster.Ledger.Total(tenant).Sessions);
        Assert.NotNull(await Session(request.Id).CreateAsync(request));
    }

    private ISessionGrain Session(SessionId id) => cluster.Grain<ISessionGrain>(GrainKeys.Session(id));

    private static CreateSession Request(TenantId tenant) => new(
        SessionId.New("eu"),
        tenant,
        [new SessionEndpoint("alice", "192.0.2.7", "eu", [1, 2, 3]), new SessionEndpoint("bob", null, null, [4, 5, 6])],
        ImmutableSortedDictionary<string, string>.Empty.Add("call", "42"),
        "declared by alice");
}
