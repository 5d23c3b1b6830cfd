using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Sessions;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Tests.Tenants;

namespace NetDiscovery.Grains.Tests.Callbacks;

/// <summary>A write that failed here and succeeded there: the next step is taken again on what is really stored.</summary>
[Collection(GrainCluster.Clock)]
public sealed class RepeatedStepTests(GrainCluster cluster) : IDisposable
{
    private readonly Guid alice = Guid.NewGuid();
    private readonly Guid bob = Guid.NewGuid();
    private readonly SessionId id = SessionId.New("eu");
    private readonly Nobody observer = new();
    private ISignalingObserver? reference;

    [Fact]
    public async Task An_event_that_only_the_repeated_step_makes_is_told()
    {
        var receiver = await NewSessionAsync();
        await LoseAnswerAsync(() => JoinAsync("bob", bob));

        // As the grain knows it, bob is not there; in the store he is.
        Assert.Equal(SessionState.Negotiating, (await JoinAsync("alice", alice)).Session!.State);
        await ToldAsync(receiver, "session.created", "session.negotiating", "session.ended");
    }

    [Fact]
    public async Task An_event_stored_unknowingly_is_told_once_when_its_step_is_repeated()
    {
        var receiver = await NewSessionAsync();
        await JoinAsync("alice", alice);
        await LoseAnswerAsync(() => JoinAsync("bob", bob));

        Assert.Equal(["alice", "bob"], (await JoinAsync("bob", bob)).Present);
        await ToldAsync(receiver, "session.created", "session.negotiating", "session.ended");
    }

    [Fact]
    public async Task An_event_stored_unknowingly_outlives_what_is_said_next()
    {
        var receiver = await NewSessionAsync();
        await JoinAsync("alice", alice);
        await LoseAnswerAsync(() => JoinAsync("bob", bob));

        var answer = await Session.SendAsync(alice, [new SentSignal(1, null, new ConnectivitySignal(Connectivity.Connected, SessionPath.Direct, 12))]);
        Assert.Equal((SignalingStatus.Accepted, 1L), (answer.Status, answer.Received));
        await ToldAsync(receiver, "session.created", "session.negotiating", "session.ended");
    }

    [Fact]
    public async Task An_end_stored_unknowingly_is_not_undone()
    {
        var receiver = await NewSessionAsync();
        await LoseAnswerAsync(() => Session.EndAsync());

        Assert.Equal(SignalingStatus.Ended, (await JoinAsync("alice", alice)).Status);
        Assert.Equal(SessionState.Ended, (await Session.GetAsync())!.State);
        await ToldAsync(receiver, "session.created", "session.ended");
    }

    public void Dispose()
    {
        if (reference is not null)
            cluster.Silos.Client.DeleteObjectReference<ISignalingObserver>(reference);
    }

    private ISessionGrain Session => cluster.Grain<ISessionGrain>(GrainKeys.Session(id));

    private Task<JoinAnswer> JoinAsync(string name, Guid connection)
    {
        reference ??= cluster.Silos.Client.CreateObjectReference<ISignalingObserver>(observer);
        return Session.JoinAsync(new JoinSession([(byte)name[0]], connection, reference, null, null));
    }

    private async Task LoseAnswerAsync(Func<Task> step)
    {
        cluster.Storage.FailNextWrites("session", GrainKeys.Session(id), afterStoring: true);
        await Assert.ThrowsAsync<OrleansException>(step);
    }

    // The end is the last event: what would be told twice or too late has been told before.
    private async Task ToldAsync(FakeCallbackSender.Receiver receiver, params string[] types)
    {
        await Session.EndAsync();
        await cluster.UntilAsync(() => receiver.Taken.Any(happened => happened.Type == "session.ended"), "the end is told");
        Assert.Equal(types.Select((type, index) => (type, index + 1L)), receiver.Told.Select(happened => (happened.Type, happened.Sequence)));
    }

    private async Task<FakeCallbackSender.Receiver> NewSessionAsync()
    {
        var (tenant, grain) = await cluster.NewTenantAsync();
        var url = $"https://{tenant}.example/events";
        await grain.PutDiscoveryAsync(new DiscoveryConfiguration { Callbacks = new Interfaces.Tenants.Callbacks { EventUrl = url } }, null);
        Assert.NotNull(await Session.CreateAsync(new CreateSession(
            id, tenant, [new SessionEndpoint("alice", null, null, "a"u8.ToArray()), new SessionEndpoint("bob", null, null, "b"u8.ToArray())],
            ImmutableSortedDictionary<string, string>.Empty, "declared")));
        await cluster.UntilAsync(() => cluster.Storage.Stored<StoredSession>("session", GrainKeys.Session(id))!.Outbox.IsEmpty, "the first event is handed over");
        return cluster.Callbacks.At(url);
    }

    private sealed class Nobody : ISignalingObserver
    {
        public Task DeliverAsync(ImmutableArray<DeliveredSignal> signals) => Task.CompletedTask;

        public Task ClosedAsync(SignalingStatus status) => Task.CompletedTask;
    }
}
