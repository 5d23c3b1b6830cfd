using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
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

namespace NetDiscovery.Grains.Tests.Sessions;

[Collection(GrainCluster.Clock)]
public sealed class SignalingGrainTests(GrainCluster cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Signals_reach_the_other_endpoint_once_and_in_order()
    {
        var call = await NewCallAsync();
        await using var alice = await call.JoinAsync("alice");
        await using var bob = await call.JoinAsync("bob");
        var answer = await alice.SendAsync(new DescriptionSignal("offer", "v=0"), Candidate(1), Candidate(2));
        Assert.Equal((SignalingStatus.Accepted, 3L), (answer.Status, answer.Received));
        Assert.Equal(3, (await alice.RepeatAsync()).Received);
        await bob.UntilAsync(taken => taken.Count(signal => signal.From == "alice") == 3, "three signals of alice");
        Assert.Equal(
            [new DescriptionSignal("offer", "v=0"), Candidate(1), Candidate(2)], bob.Taken.Where(signal => signal.From == "alice").Select(signal => signal.Signal));
        Assert.DoesNotContain(alice.Taken, signal => signal.From is not null);
    }

    [Fact]
    public async Task A_hole_in_the_numbers_is_refused_and_named()
    {
        var call = await NewCallAsync();
        await using var alice = await call.JoinAsync("alice");
        var answer = await call.Grain.SendAsync(alice.Connection, [new SentSignal(2, null, Candidate(1))]);
        Assert.Equal((SignalingStatus.Gap, 0L), (answer.Status, answer.Received));
    }

    [Fact]
    public async Task What_was_said_while_an_endpoint_was_away_waits_for_it()
    {
        var call = await NewCallAsync();
        await using var alice = await call.JoinAsync("alice");
        await alice.SendAsync(Candidate(1), Candidate(2));
        await cluster.ForgetAsync(call.Grain);
        await using var bob = await call.JoinAsync("bob");
        Assert.Equal([Candidate(1), Candidate(2)], bob.Answer.Waiting.Where(signal => signal.From == "alice").Select(signal => signal.Signal));

        // Confirmed up to the first: the second comes again.
        var first = bob.Answer.Waiting.First(signal => signal.From == "alice").Sequence;
        await using var again = await call.JoinAsync("bob", after: first);
        Assert.Equal([Candidate(2)], again.Answer.Waiting.Where(signal => signal.From == "alice").Select(signal => signal.Signal));
    }

    [Fact]
    public async Task After_the_death_of_an_activation_connections_join_again_and_nothing_is_lost_or_doubled()
    {
        var call = await NewCallAsync();
        await using var alice = await call.JoinAsync("alice");
        await using var bob = await call.JoinAsync("bob");
        await alice.SendAsync(Candidate(1));
        await bob.UntilAsync(taken => taken.Any(signal => signal.From == "alice"), "the first candidate");
        await cluster.ForgetAsync(call.Grain);

        Assert.Equal(SignalingStatus.NotJoined, (await alice.RepeatAsync()).Status);
        Assert.Equal(SignalingStatus.Accepted, (await alice.JoinAgainAsync()).Status);
        Assert.Equal(SignalingStatus.Accepted, (await bob.JoinAgainAsync()).Status);
        await alice.RepeatAsync();
        await alice.SendAsync(Candidate(2));
        await bob.UntilAsync(taken => taken.Any(signal => signal.Signal == (Signal)Candidate(2)), "the second candidate");
        Assert.Equal([Candidate(1), Candidate(2)], bob.Taken.Where(signal => signal.From == "alice").Select(signal => signal.Signal));
        Assert.Equal(SessionState.Negotiating, (await call.Grain.GetAsync())!.State);
    }

    [Fact]
    public async Task A_second_connection_takes_over_and_the_first_does_not_take_back()
    {
        var call = await NewCallAsync();
        await using var first = await call.JoinAsync("alice");
        await using var second = await call.JoinAsync("alice");
        await first.UntilClosedAsync(SignalingStatus.NotJoined);
        Assert.Equal(SignalingStatus.NotJoined, (await call.Grain.SendAsync(first.Connection, [])).Status);
        Assert.Equal(SignalingStatus.NotJoined, (await first.JoinAgainAsync()).Status);
        Assert.Equal(SignalingStatus.Accepted, (await second.SendAsync(Candidate(1))).Status);
        await call.Grain.LeaveAsync(first.Connection);
        Assert.Contains("alice", (await call.JoinAsync("bob")).Answer.Present);
    }

    [Fact]
    public async Task Coming_and_going_is_told_to_the_other()
    {
        var call = await NewCallAsync();
        await using var alice = await call.JoinAsync("alice");
        await using var bob = await call.JoinAsync("bob");
        await alice.UntilAsync(taken => taken.Any(signal => signal.Signal is PresenceSignal { Endpoint: "bob", Present: true }), "bob is there");
        await call.Grain.LeaveAsync(bob.Connection);
        await alice.UntilAsync(taken => taken.Any(signal => signal.Signal is PresenceSignal { Endpoint: "bob", Present: false }), "bob is gone");
        Assert.Equal(SessionState.Degraded, (await call.Grain.GetAsync())!.State);
    }

    [Fact]
    public async Task Who_gives_no_sign_of_life_is_lost_and_who_does_is_not()
    {
        var call = await NewCallAsync();
        await using var alice = await call.JoinAsync("alice");
        await using var bob = await call.JoinAsync("bob");
        var silent = TimeSpan.Zero;
        await Eventually.EventuallyAsync(
            async () =>
            {
                cluster.Time.Advance(TimeSpan.FromSeconds(1));
                silent += TimeSpan.FromSeconds(1);
                Assert.Equal(SignalingStatus.Accepted, (await call.Grain.BeatAsync(alice.Connection, 0, 0)).Status);
                return alice.Taken.Any(signal => signal.Signal is PresenceSignal { Endpoint: "bob", Present: false });
            },
            Patience, "bob is lost");
        Assert.True(silent > SignalingLimits.LostAfter, $"lost after {silent}");
        Assert.Equal(["alice"], (await alice.JoinAgainAsync()).Present);
    }

    [Fact]
    public async Task A_gateway_may_forget_a_connection_when_nothing_more_is_on_its_way_to_it()
    {
        var call = await NewCallAsync();
        await using var alice = await call.JoinAsync("alice");
        await using var bob = await call.JoinAsync("bob");
        var answer = new TaskCompletionSource();
        bob.Answering = answer.Task;
        await alice.SendAsync(Candidate(1));
        await bob.UntilAsync(_ => bob.Unanswered, "a call under way");

        var leaving = call.Grain.LeaveAsync(bob.Connection);
        await alice.UntilAsync(taken => taken.Any(signal => signal.Signal is PresenceSignal { Endpoint: "bob", Present: false }), "bob is gone");
        await call.Tenant.GetSnapshotAsync(null);
        Assert.False(leaving.IsCompleted);
        answer.SetResult();
        await leaving.WaitAsync(Patience);
        Assert.DoesNotContain(bob.Taken, signal => signal.Signal is PresenceSignal { Endpoint: "bob", Present: false });
    }

    [Fact]
    public async Task A_broken_direct_path_asks_both_to_move_to_a_relay()
    {
        var call = await NewCallAsync();
        await using var alice = await call.JoinAsync("alice");
        await using var bob = await call.JoinAsync("bob");
        await alice.SendAsync(new ConnectivitySignal(Connectivity.Connected, SessionPath.Direct, 12));
        await bob.SendAsync(new ConnectivitySignal(Connectivity.Connected, SessionPath.Direct, 12));
        await bob.SendAsync(new ConnectivitySignal(Connectivity.Failed, null, null));
        foreach (var endpoint in new[] { alice, bob })
        {
            await endpoint.UntilAsync(taken => taken.Any(signal => signal.Signal is MigrateSignal { Mode: DecisionMode.Turn }), "asked to move");
            Assert.Contains(endpoint.Taken, signal => signal.Signal is DecisionSignal { Mode: DecisionMode.Turn });
        }

        Assert.Contains(await call.Grain.GetTimelineAsync(), entry => entry.Event == "migrate turn" && entry.Reason.Contains("bob", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Knowledge_of_both_nats_is_decided_upon_and_told()
    {
        var call = await NewCallAsync();
        await using var alice = await call.JoinAsync("alice");
        await using var bob = await call.JoinAsync("bob");
        var nat = new EndpointNat(NatBehaviour.EndpointIndependent, NatBehaviour.AddressAndPortDependent, false);
        await alice.SendAsync(new NatSignal(nat));
        await bob.SendAsync(new NatSignal(nat));
        await alice.UntilAsync(taken => taken.Any(signal => signal.Signal is DecisionSignal { Mode: DecisionMode.Stun }), "decided");
        await bob.UntilAsync(taken => taken.Any(signal => signal.Signal is DecisionSignal { Mode: DecisionMode.Stun }), "decided");
    }

    [Fact]
    public async Task What_relays_saw_of_both_nats_is_decided_upon_and_told_with_its_source()
    {
        var call = await NewCallAsync();
        var session = (await call.Grain.GetAsync())!;
        await using var alice = await call.JoinAsync("alice");
        var relays = cluster.Grain<IControlEventGrain>(GrainKeys.Ingest(session.Id));

        // Of alice a whole round, of bob half of one, of a stranger and of another tenant what nobody may say of bob.
        ImmutableArray<BindingObserved> observed = [Saw("m1>A1", "alice"), Saw("m2>B1", "alice"), Saw("m1>A1", "bob"), Saw("m2>B1", "carol"), Saw("m2>B1", "bob") with { Tenant = TenantId.New() }];
        await relays.ObserveAsync(observed);
        var known = (await call.Grain.GetAsync())!;
        Assert.Equal([NatBehaviour.AddressDependent, null], known.Endpoints.Select(endpoint => endpoint.ObservedMapping));
        Assert.Equal((DecisionMode.Undecided, "observed by relay"), (known.Decision.Mode, known.Decision.Inputs["endpoint.alice.natSource"]));

        // The rest of bob's round comes with the next batch, as seen by another relay; and again, for a batch may come twice.
        await relays.ObserveAsync([Saw("m2>B1", "bob")]);
        await relays.ObserveAsync([Saw("m2>B1", "bob")]);
        await alice.UntilAsync(taken => taken.Any(signal => signal.Signal is DecisionSignal { Mode: DecisionMode.Turn }), "decided");
        Assert.Equal(
            ["alice: mapping AddressDependent, observed by relay.", "bob: mapping AddressDependent, observed by relay."],
            (await call.Grain.GetTimelineAsync()).Where(entry => entry.Event == "nat").Select(entry => entry.Reason));

        // Who is behind the NAT knows better.
        await alice.SendAsync(new NatSignal(new EndpointNat(NatBehaviour.EndpointIndependent, NatBehaviour.EndpointIndependent, null)));
        await alice.UntilAsync(taken => taken.Any(signal => signal.Signal is DecisionSignal { Mode: DecisionMode.Stun }), "decided by what alice says");
        Assert.Equal("reported by client", (await call.Grain.GetAsync())!.Decision.Inputs["endpoint.alice.natSource"]);

        BindingObserved Saw(string binding, string endpoint) => NatObservationTests.Binding(binding, session.Tenant, session.Id, endpoint);
    }

    [Fact]
    public async Task Observations_of_sessions_that_are_not_there_or_have_ended_change_nothing()
    {
        var call = await NewCallAsync();
        var session = (await call.Grain.GetAsync())!;
        await call.Grain.EndAsync();
        var unknown = SessionId.New("eu");
        await cluster.Grain<IControlEventGrain>(GrainKeys.Ingest(session.Id)).ObserveAsync(
        [
            .. new[] { session.Id, unknown }.SelectMany(id => new[] { "m1>A1", "m2>B1" }.Select(binding => NatObservationTests.Binding(binding, session.Tenant, id))),
        ]);
        Assert.Null((await call.Grain.GetAsync())!.Endpoints[0].ObservedMapping);
        Assert.Null(await cluster.Grain<ISessionGrain>(GrainKeys.Session(unknown)).GetAsync());
    }

    [Fact]
    public async Task The_end_says_goodbye_closes_connections_and_lets_nobody_in()
    {
        var call = await NewCallAsync();
        await using var alice = await call.JoinAsync("alice");
        await call.Grain.EndAsync();
        await alice.UntilClosedAsync(SignalingStatus.Ended);
        Assert.Contains(alice.Taken, signal => signal.Signal is ByeSignal);
        Assert.Equal(SignalingStatus.Ended, (await call.TryJoinAsync("bob")).Status);
    }

    [Fact]
    public async Task Strangers_and_endpoints_of_inactive_tenants_do_not_get_in()
    {
        var call = await NewCallAsync();
        Assert.Equal(SignalingStatus.WrongToken, (await call.TryJoinAsync("mallory")).Status);
        Assert.Equal(SignalingStatus.NoSession, (await (call with { Grain = cluster.Grain<ISessionGrain>(GrainKeys.Session(SessionId.New("eu"))) }).TryJoinAsync("alice")).Status);
        await call.Tenant.SetStatusAsync(TenantStatus.Suspended);
        Assert.Equal(SignalingStatus.TenantInactive, (await call.TryJoinAsync("alice")).Status);
    }

    [Fact]
    public async Task Allocations_that_clients_leave_behind_are_ended_with_the_session()
    {
        var call = await NewCallAsync();
        var session = (await call.Grain.GetAsync())!;
        var relay = await cluster.NewRelayAsync();
        var events = new TestEvents { Tenant = session.Tenant, Session = session.Id, RelayId = relay.Id, Now = cluster.Time.GetUtcNow() };
        await cluster.Grain<IAllocationGrain>(GrainKeys.Allocation(events.Id)).ApplyAsync([events.Opened()]);
        await using var alice = await call.JoinAsync("alice");

        await alice.SendAsync(new ByeSignal("tab closed"));

        await Eventually.EventuallyAsync(
            async () =>
            {
                cluster.Time.Advance(TimeSpan.FromSeconds(1));
                return (await relay.BeatAsync()).Commands.Any(command => command.Command == new CutAllocation(events.Id));
            },
            Patience, "the relay is told to cut the allocation");
    }

    private static CandidateSignal Candidate(int number) => new($"candidate:{number}", "0", 0, null);

    private async Task<Call> NewCallAsync()
    {
        var (tenant, tenantGrain) = await cluster.NewTenantAsync();
        var id = SessionId.New("eu");
        var grain = cluster.Grain<ISessionGrain>(GrainKeys.Session(id));
        Assert.NotNull(await grain.CreateAsync(new CreateSession(
            id, tenant, [new SessionEndpoint("alice", null, null, Call.Hash("alice")), new SessionEndpoint("bob", null, null, Call.Hash("bob"))],
            ImmutableSortedDictionary<string, string>.Empty, "asked here")));
        return new Call(grain, tenantGrain, cluster.Silos.Client);
    }

    private sealed record Call(ISessionGrain Grain, ITenantGrain Tenant, IGrainFactory Grains)
    {
        public static byte[] Hash(string name) => SHA256.HashData(Encoding.UTF8.GetBytes(name));

        public async Task<Endpoint> JoinAsync(string name, long? after = null)
        {
            var endpoint = new Endpoint(this, name);
            endpoint.Answer = await Grain.JoinAsync(new JoinSession(Hash(name), endpoint.Connection, endpoint.Reference, after, null));
            Assert.Equal((SignalingStatus.Accepted, name), (endpoint.Answer.Status, endpoint.Answer.Endpoint));
            return endpoint;
        }

        public async Task<JoinAnswer> TryJoinAsync(string name)
        {
            await using var endpoint = new Endpoint(this, name);
            return await Grain.JoinAsync(new JoinSession(Hash(name), endpoint.Connection, endpoint.Reference, null, null));
        }
    }

    private sealed class Endpoint : ISignalingObserver, IAsyncDisposable
    {
        private readonly Call call;
        private readonly string name;
        private readonly List<DeliveredSignal> taken = [];
        private readonly List<SentSignal> sent = [];
        private SignalingStatus? closed;

        public Endpoint(Call call, string name)
        {
            (this.call, this.name) = (call, name);
            Reference = call.Grains.CreateObjectReference<ISignalingObserver>(this);
        }

        public Guid Connection { get; } = Guid.NewGuid();

        public ISignalingObserver Reference { get; }

        public JoinAnswer Answer { get; set; } = null!;

        /// <summary>Calls are answered when this ends.</summary>
        public Task Answering { get; set; } = Task.CompletedTask;

        /// <summary>The last call came before <see cref="Answering"/> had ended.</summary>
        public bool Unanswered { get; private set; }

        public IReadOnlyList<DeliveredSignal> Taken
        {
            get
            {
                lock (taken)
                    return [.. taken];
            }
        }

        public Task<SendAnswer> SendAsync(params Signal[] signals)
        {
            var numbered = signals.Select((signal, index) => new SentSignal(sent.Count + index + 1, null, signal)).ToImmutableArray();
            sent.AddRange(numbered);
            return call.Grain.SendAsync(Connection, numbered);
        }

        public Task<SendAnswer> RepeatAsync() => call.Grain.SendAsync(Connection, [.. sent]);

        public Task<JoinAnswer> JoinAgainAsync() => call.Grain.JoinAsync(
            new JoinSession(Call.Hash(name), Connection, Reference, Taken.Select(signal => signal.Sequence).DefaultIfEmpty(0).Max(), null, Again: true));

        public Task UntilAsync(Func<IReadOnlyList<DeliveredSignal>, bool> reached, string what) => Eventually.EventuallyAsync(() => reached(Taken), Patience, what);

        public Task UntilClosedAsync(SignalingStatus status) => Eventually.EventuallyAsync(() => closed == status, Patience, $"closed: {status}");

        public Task DeliverAsync(ImmutableArray<DeliveredSignal> signals)
        {
            lock (taken)
                taken.AddRange(signals.Where(signal => taken.Count == 0 || signal.Sequence > taken[^1].Sequence));
            var answer = Answering;
            Unanswered = !answer.IsCompleted;
            return answer;
        }

        public Task ClosedAsync(SignalingStatus status)
        {
            closed = status;
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            call.Grains.DeleteObjectReference<ISignalingObserver>(Reference);
            return ValueTask.CompletedTask;
        }
    }
}
