using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NetDiscovery.Grains.Callbacks;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Tests.Tenants;

namespace NetDiscovery.Grains.Tests.Callbacks;

[Collection(GrainCluster.Clock)]
public sealed class CallbackGrainTests(GrainCluster cluster)
{
    [Fact]
    public async Task A_sessions_life_is_told_in_order()
    {
        var (tenant, receiver, _) = await NewTenantAsync();
        var session = await NewSessionAsync(tenant);
        await Session(session).EndAsync();

        await cluster.UntilAsync(() => receiver.Told.Count == 2, "both events arrive");
        Assert.Equal([("session.created", 1L), ("session.ended", 2L)], receiver.Told.Select(happened => (happened.Type, happened.Sequence)));
        Assert.Equal([$"EVs{session.Value:N}-1", $"EVs{session.Value:N}-2"], receiver.Told.Select(happened => happened.Id));
        var body = JsonNode.Parse(receiver.Told[^1].Body)!;
        Assert.Equal(($"EVs{session.Value:N}-2", "session.ended", tenant.ToString(), 2L), ((string)body["id"]!, (string)body["type"]!, (string)body["tenant"]!, (long)body["sequence"]!));
        Assert.Equal((session.ToString(), "ended", "Ended through the API."), ((string)body["data"]!["session"]!, (string)body["data"]!["state"]!, (string)body["data"]!["reason"]!));
        Assert.Single(receiver.Secrets);
    }

    [Fact]
    public async Task A_tenant_without_an_event_url_costs_nothing()
    {
        var (tenant, _) = await cluster.NewTenantAsync();
        var session = await NewSessionAsync(tenant);
        await Session(session).EndAsync();

        Assert.Equal(0, cluster.Storage.Stored<Grains.Sessions.StoredSession>("session", GrainKeys.Session(session))!.EventSequence);
        Assert.Equal(0, cluster.Storage.Writes("callbacks", Key(tenant, session)));
    }

    // The heart of it: what was answered has its event in the same row, so nothing that dies afterwards can lose it.
    [Fact]
    public async Task An_event_is_stored_together_with_the_step_it_tells_of()
    {
        var (tenant, receiver, _) = await NewTenantAsync();
        var id = SessionId.New("eu");
        cluster.Storage.FailNextWrites("callbacks", Key(tenant, id));
        await CreateAsync(tenant, id);

        var stored = cluster.Storage.Stored<Grains.Sessions.StoredSession>("session", GrainKeys.Session(id))!;
        Assert.Equal(1, stored.EventSequence);
        await cluster.UntilAsync(() => !receiver.Taken.IsEmpty, "the event is delivered after the store came back");
        await cluster.UntilAsync(() => Outbox(id).IsEmpty, "the outbox is empty");
        Assert.Equal("session.created", receiver.Taken.First().Type);
        Assert.Null(cluster.Storage.Stored<Grains.Sessions.StoredSession>("session", GrainKeys.Session(id))!.DueMilliseconds);
    }

    [Fact]
    public async Task A_receiver_that_was_away_gets_everything_in_order_after_activations_have_died()
    {
        var (tenant, receiver, _) = await NewTenantAsync();
        receiver.IsDown = true;
        var session = await NewSessionAsync(tenant);
        await Session(session).EndAsync();
        await cluster.UntilAsync(() => Stored(tenant, session) is { Deliveries: [{ Attempts: >= 1 }, _] }, "both events are taken over and the first was tried");

        await cluster.ForgetAsync(Session(session));
        await cluster.ForgetAsync(Callbacks(tenant, session));
        receiver.IsDown = false;
        await Callbacks(tenant, session).WakeAsync();
        await cluster.UntilAsync(() => receiver.Told.Count == 2, "both events arrive");

        Assert.Equal([$"EVs{session.Value:N}-1", $"EVs{session.Value:N}-2"], receiver.Told.Select(happened => happened.Id));
        await cluster.UntilAsync(() => Stored(tenant, session)!.Deliveries.All(delivery => delivery.Status == CallbackStatus.Delivered), "both are settled");
    }

    [Fact]
    public async Task A_delivery_can_be_asked_for_again()
    {
        var (tenant, receiver, _) = await NewTenantAsync();
        var session = await NewSessionAsync(tenant);
        await cluster.UntilAsync(() => Stored(tenant, session) is { Deliveries: [{ Status: CallbackStatus.Delivered }] }, "the event is delivered");

        var before = receiver.Taken.Count;
        Assert.NotNull(await Callbacks(tenant, session).RedeliverAsync($"EVs{session.Value:N}-1"));
        await cluster.UntilAsync(() => receiver.Taken.Count > before, "it comes again");
        Assert.Single(receiver.Taken.Distinct());
        Assert.Null(await Callbacks(tenant, session).RedeliverAsync($"EVs{session.Value:N}-9"));
    }

    [Fact]
    public async Task A_url_taken_out_of_the_configuration_drops_what_waits()
    {
        var (tenant, receiver, grain) = await NewTenantAsync();
        receiver.IsDown = true;
        var session = await NewSessionAsync(tenant);
        await cluster.UntilAsync(() => !receiver.Attempts.IsEmpty, "the first attempt");
        await grain.PutDiscoveryAsync(new DiscoveryConfiguration(), null);

        await cluster.UntilAsync(() => Stored(tenant, session) is { Deliveries: [{ Status: CallbackStatus.Dropped }] }, "the event is dropped");
    }

    [Fact]
    public async Task The_secret_before_signs_beside_the_new_one()
    {
        var (tenant, receiver, grain) = await NewTenantAsync();
        Assert.Equal(1u, await grain.RotateCallbackSecretAsync([1]));
        Assert.Equal(2u, await grain.RotateCallbackSecretAsync([2]));
        Assert.Equal(2u, await grain.RotateCallbackSecretAsync([2]));
        await NewSessionAsync(tenant);
        await cluster.UntilAsync(() => !receiver.Taken.IsEmpty, "the event arrives");
        Assert.Equal([2u, 1u], receiver.Secrets.Select(secret => secret.Version));
    }

    private CallbackState? Stored(TenantId tenant, SessionId session) => cluster.Storage.Stored<CallbackState>("callbacks", Key(tenant, session));

    private ImmutableArray<CallbackEvent> Outbox(SessionId session) => cluster.Storage.Stored<Grains.Sessions.StoredSession>("session", GrainKeys.Session(session))!.Outbox;

    private static string Key(TenantId tenant, SessionId session) => GrainKeys.Callbacks(tenant, CallbackSubject.Session, session.Value);

    private ICallbackGrain Callbacks(TenantId tenant, SessionId session) => cluster.Grain<ICallbackGrain>(Key(tenant, session));

    private ISessionGrain Session(SessionId session) => cluster.Grain<ISessionGrain>(GrainKeys.Session(session));

    private async Task<(TenantId Id, FakeCallbackSender.Receiver Receiver, ITenantGrain Grain)> NewTenantAsync()
    {
        var (tenant, grain) = await cluster.NewTenantAsync();
        var url = $"https://{tenant}.example/events";
        await grain.PutDiscoveryAsync(new DiscoveryConfiguration { Callbacks = new Interfaces.Tenants.Callbacks { EventUrl = url } }, null);
        return (tenant, cluster.Callbacks.At(url), grain);
    }

    private async Task<SessionId> NewSessionAsync(TenantId tenant)
    {
        var id = SessionId.New("eu");
        await CreateAsync(tenant, id);
        return id;
    }

    private async Task CreateAsync(TenantId tenant, SessionId id) => Assert.NotNull(await Session(id).CreateAsync(new CreateSession(
        id, tenant, [new SessionEndpoint("alice", null, null, [1]), new SessionEndpoint("bob", null, null, [2])], ImmutableSortedDictionary<string, string>.Empty, "declared")));
}
