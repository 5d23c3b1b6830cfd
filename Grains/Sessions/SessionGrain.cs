using System.Collections.Immutable;
using System.Security.Cryptography;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Sessions;

/// <inheritdoc cref="ISessionGrain"/>
/// <remarks>
/// Asks the tenant's grain for the decision policy itself: one source of truth, and no caller can bring a policy of its own.
/// Session first, then mailboxes: a signal that was acted on and not noted as received comes again and changes nothing.
/// </remarks>
[GrainType("session")]
public sealed class SessionGrain : Grain, ISessionGrain
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HandOverEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PushedWithin = TimeSpan.FromSeconds(1);

    private readonly CommittedState<StoredSession> state;
    private readonly CommittedState<SignalingState> signaling;
    private readonly SignalingConnections connections;
    private readonly Retirement retirement;
    private readonly TimeProvider time;
    private readonly SessionAllocations allocations;
    private readonly long activatedAt;
    private readonly Dictionary<string, NatObservations> observations = [];
    private IGrainTimer? watch;
    private TimeSpan watchAt;
    private IGrainTimer? handOver;

    public SessionGrain(
        [PersistentState("session", StorageNames.Sessions)] IPersistentState<StoredSession> stored,
        [PersistentState("signaling", StorageNames.Sessions)] IPersistentState<SignalingState> mailboxes,
        IGrainFactory factory,
        TimeProvider time)
    {
        state = new CommittedState<StoredSession>(stored);
        signaling = new CommittedState<SignalingState>(mailboxes);
        allocations = new SessionAllocations(this, factory);
        connections = new SignalingConnections(time, endpoint => signaling.Value.Of(endpoint));
        retirement = new Retirement(this, () => state.Value.Session is null);
        this.time = time;
        activatedAt = time.GetTimestamp();
    }

    private ImmutableArray<string> Names => [.. state.Value.Session!.Endpoints.Select(endpoint => endpoint.Name)];

    private bool IsMoving => state.Value.MigratedAt is not null || state.Value.Session!.State == SessionState.Degraded;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Watch();
        HandOver();
        return Task.CompletedTask;
    }

    public async Task<Session?> CreateAsync(CreateSession request)
    {
        if (GrainKeys.Session(request.Id) != this.GetPrimaryKeyString())
            throw new ArgumentException("The session's id is another than the grain's.", nameof(request));

        if (state.Value.Session is null)
        {
            if (await TenantAsync(request.Tenant) is not { Status: TenantStatus.Active } tenant)
            {
                retirement.Consider();
                return null;
            }

            await state.ChangeAsync(current => (current.Session is null ? Create(current, request, tenant.Discovery) : current, true));
            HandOver();
        }

        // The tenant's servers may say something else of a repeated request; what they said first holds.
        if (!StateJson.Same(state.Value.Request, request with { Verdict = state.Value.Request?.Verdict }))
            return null;

        // Also when repeated: the first attempt may have died before it got here, and the ledger counts a source once.
        await GrainFactory.GetGrain<IUsageGrain>(GrainKeys.Usage(request.Tenant, request.Id.Value)).RecordAsync([CreationReport(state.Value.Session!)]);
        return state.Value.Session;
    }

    public Task<Session?> GetAsync()
    {
        retirement.Consider();
        return Task.FromResult(state.Value.Session);
    }

    public async Task<bool> EndAsync()
    {
        if (await GetAsync() is null)
            return false;
        await ChangeAsync(current => current.End("Ended through the API.", time.GetUtcNow()));
        return true;
    }

    public Task<ImmutableArray<TimelineEntry>> GetTimelineAsync() => Task.FromResult(state.Value.Timeline);

    public async Task<JoinAnswer> JoinAsync(JoinSession join)
    {
        if (await GetAsync() is not { } session)
            return Refuse(SignalingStatus.NoSession);
        if (session.Endpoints.FirstOrDefault(candidate => CryptographicOperations.FixedTimeEquals(candidate.JoinTokenHash, join.JoinTokenHash)) is not { Name: var endpoint })
            return Refuse(SignalingStatus.WrongToken);
        if (session.State == SessionState.Ended || state.Value.Link(endpoint).Left)
            return Refuse(SignalingStatus.Ended);
        if (await TenantAsync(session.Tenant) is not { Status: TenantStatus.Active } tenant)
            return Refuse(SignalingStatus.TenantInactive);
        if (join.Again && connections.Has(endpoint, otherThan: join.Connection))
            return Refuse(SignalingStatus.NotJoined);

        // Who names a sequence goes on where it was; who names none starts anew and is told all it has not confirmed.
        connections.Replace(endpoint, join.Connection, join.Observer, join.After ?? 0);
        var others = Names.Remove(endpoint);
        var changed = false;
        await ChangeAsync(
            Step,
            mail =>
            {
                mail = mail.With(endpoint, mail.Of(endpoint).Confirm(join.After ?? 0));
                if (join.After is not null)
                    mail = SessionNotices.Remind(mail, endpoint, state.Value.Session!);
                return changed ? mail.Tell(others, null, new PresenceSignal(endpoint, Present: true, Resumed: join.After is not null)) : mail;
            },
            tenant.Discovery);
        if (state.Value.Session!.State == SessionState.Ended)
            return Refuse(SignalingStatus.Ended);
        var waiting = signaling.Value.Of(endpoint).Waiting;
        connections.Beat(endpoint, waiting.IsEmpty ? join.After ?? 0 : waiting[^1].Sequence);
        return new JoinAnswer(
            SignalingStatus.Accepted, endpoint, state.Value.Session, signaling.Value.Of(endpoint).Received, [.. Names.Where(name => state.Value.Link(name).Present)], waiting);

        // A join that was stored without our knowledge changes nothing when it is repeated, and nobody was told of it yet.
        StoredSession Step(StoredSession current)
        {
            if (current.Session!.State == SessionState.Ended)
                return current;
            var joined = current.Join(endpoint, resumed: join.After is not null, time.GetUtcNow());
            changed |= !ReferenceEquals(joined, current);
            return joined;
        }
    }

    public async Task<SendAnswer> SendAsync(Guid connection, ImmutableArray<SentSignal> signals)
    {
        if (connections.Find(connection) is not { } endpoint)
            return new SendAnswer(SignalingStatus.NotJoined, 0, []);
        if (signals.Length > SignalingLimits.MaxBatch)
            throw new ArgumentException($"At most {SignalingLimits.MaxBatch} signals at a time.", nameof(signals));

        connections.Beat(endpoint, 0);
        var discovery = signals.Any(sent => sent.Signal is NatSignal or ConnectivitySignal) ? (await TenantAsync(state.Value.Session!.Tenant))?.Discovery : null;
        SignalBatch batch = null!;
        await ChangeAsync(
            current =>
            {
                batch = new SignalBatch(endpoint, Names.Remove(endpoint), discovery ?? DiscoveryConfiguration.Default, time.GetUtcNow());
                batch.Take(current, signaling.Value, signals);
                return batch.Session;
            },
            _ => batch.Mailboxes,
            discovery);
        if (discovery is not null)
            await HealAsync(discovery);
        return new SendAnswer(batch.Status, signaling.Value.Of(endpoint).Received, batch.Refused);
    }

    public async Task<BeatAnswer> BeatAsync(Guid connection, long confirmed, long delivered)
    {
        if (connections.Find(connection) is not { } endpoint)
            return new BeatAnswer(SignalingStatus.NotJoined, []);

        connections.Beat(endpoint, delivered);
        await signaling.ChangeAsync(mail => (mail.With(endpoint, mail.Of(endpoint).Confirm(confirmed)), true));
        return new BeatAnswer(SignalingStatus.Accepted, signaling.Value.Of(endpoint).After(delivered));
    }

    public async Task ObserveAsync(ImmutableArray<BindingObserved> observed)
    {
        if (await GetAsync() is not { State: not SessionState.Ended } session)
            return;

        // Whoever signed the credential may have written anything into it.
        var own = observed.Where(binding => binding.Tenant == session.Tenant && Names.Contains(binding.Endpoint)).ToList();
        foreach (var binding in own)
        {
            if (!observations.TryGetValue(binding.Endpoint, out var recent))
                observations[binding.Endpoint] = recent = new NatObservations();
            recent.Add(binding, time.GetUtcNow());
        }

        // A round of Bindings comes in one batch; half a round may look like another NAT than the whole.
        var seen = own.Select(binding => binding.Endpoint).Distinct().Select(name => (Name: name, observations[name].Mapping));
        var changed = seen.Where(one => one.Mapping is { } mapping && session.Endpoints.First(endpoint => endpoint.Name == one.Name).ObservedMapping != mapping).ToList();
        if (changed.Count == 0 || await TenantAsync(session.Tenant) is not { Discovery: var discovery })
            return;
        await ChangeAsync(current => changed.Aggregate(current, (state, one) => state.Observe(one.Name, one.Mapping!.Value, discovery, time.GetUtcNow())), null, discovery);
    }

    public Task WakeAsync()
    {
        HandOver();
        return Task.CompletedTask;
    }

    public async Task LeaveAsync(Guid connection)
    {
        if (connections.Find(connection) is not { } endpoint)
            return;

        // The gateway forgets the connection when this returns, and a call that meets nobody there is answered by no one.
        var pushed = connections.Pushed(endpoint);
        await LoseAsync(endpoint, $"{endpoint} closed its signaling connection.");
        await pushed.WaitAsync(PushedWithin, time).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task LoseAsync(string endpoint, string reason)
    {
        connections.Remove(endpoint);
        await ChangeAsync(
            current => current.Leave(endpoint, reason, time.GetUtcNow()),
            mail => mail.Tell(Names.Remove(endpoint), null, new PresenceSignal(endpoint, Present: false, Resumed: false)));
    }

    // Stores a step with the events it makes, then tells every endpoint what is new, then passes it on. The step is taken again on what is really stored when
    // that is newer than what is known here, and may make other events then: only when it made some before is it known whether they are heard. Who has just
    // asked for the tenant's configuration brings it.
    private async Task ChangeAsync(Func<StoredSession, StoredSession> step, Func<SignalingState, SignalingState>? mail = null, DiscoveryConfiguration? asked = null)
    {
        var before = state.Value.Session!;
        var mayBeHeard = SessionEvents.Between(state.Value, step(state.Value)).IsEmpty || (asked is null ? await IsHeardAsync(before.Tenant) : asked.Callbacks.EventUrl is not null);
        await state.ChangeAsync(current => (mayBeHeard ? step(current).Tell(current, time.GetUtcNow()) : step(current), true));
        HandOver();
        Watch();
        var after = state.Value.Session!;
        await signaling.ChangeAsync(current => (SessionNotices.Add(mail?.Invoke(current) ?? current, before, after), true));
        if (after.State == SessionState.Ended)
        {
            connections.CloseAll(SignalingStatus.Ended);
            allocations.EndAll(after.Tenant, after.Id);
            return;
        }

        connections.Push();
    }

    private async Task HealAsync(DiscoveryConfiguration discovery)
    {
        if (ReferenceEquals(state.Value.Heal(discovery, time.GetUtcNow()).Next, state.Value))
            return;

        // A move that was stored without our knowledge is not begun again, and nobody was asked for it yet.
        MigrateSignal? ask = null;
        await ChangeAsync(
            current =>
            {
                var (next, asked) = current.Heal(discovery, time.GetUtcNow());
                ask = asked ?? ask;
                return next;
            },
            mail => ask is null ? mail : mail.Tell(Names, null, ask),
            discovery);
    }

    // Comes when somebody may have gone missing, or every second while a path may have to be moved; never later than it was to come.
    private void Watch()
    {
        ImmutableArray<string> present = state.Value.Session is { State: not SessionState.Ended } ? [.. Names.Where(name => state.Value.Link(name).Present)] : [];
        if (present.IsEmpty)
        {
            watch?.Dispose();
            watch = null;
            return;
        }

        var quiet = IsMoving ? TimeSpan.Zero : present.Min(connections.UntilLost);
        var due = quiet > WatchEvery ? quiet : WatchEvery;
        var at = time.GetElapsedTime(activatedAt) + due;
        if (watch is null)
        {
            watch = this.RegisterGrainTimer(WatchAsync, new GrainTimerCreationOptions(due, WatchEvery));
            watchAt = at;
        }
        else if (at < watchAt)
        {
            watch.Change(due, WatchEvery);
            watchAt = at;
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        foreach (var name in Names)
        {
            if (state.Value.Link(name).Present && connections.UntilLost(name) < TimeSpan.Zero)
                await LoseAsync(name, $"{name} gave no sign of life for {SignalingLimits.LostAfter.TotalSeconds:0} s.");
        }

        if (IsMoving && await TenantAsync(state.Value.Session!.Tenant) is { } tenant)
            await HealAsync(tenant.Discovery);

        // When something above fails, the timer comes again in a second as it is.
        watchAt = TimeSpan.MaxValue;
        Watch();
    }

    private StoredSession Create(StoredSession current, CreateSession request, DiscoveryConfiguration discovery)
    {
        var created = SessionSteps.Create(request, discovery, time.GetUtcNow());
        return discovery.Callbacks.EventUrl is null ? created : created.Tell(current, time.GetUtcNow());
    }

    // Whether anybody wants to hear of events. When nobody can say, they are kept: what delivers them asks again.
    private async Task<bool> IsHeardAsync(TenantId tenant)
    {
        try
        {
            return await TenantAsync(tenant) is { Discovery.Callbacks.EventUrl: not null };
        }
        catch (Exception)
        {
            return true;
        }
    }

    // The events are stored already: this only brings them on their way, in a turn of its own, for as long as it takes.
    private void HandOver()
    {
        if (!state.Value.Outbox.IsEmpty)
            handOver ??= this.RegisterGrainTimer(HandOverAsync, new GrainTimerCreationOptions(TimeSpan.Zero, HandOverEvery) { KeepAlive = true });
    }

    private async Task HandOverAsync(CancellationToken cancellationToken)
    {
        if (state.Value is { Outbox.IsEmpty: false, Session: { } session } waiting)
        {
            await GrainFactory.GetGrain<ICallbackGrain>(GrainKeys.Callbacks(session.Tenant, CallbackSubject.Session, session.Id.Value)).AcceptAsync(waiting.Outbox);
            await state.ChangeAsync(current => (current.HandedOver(waiting.EventSequence), true));
        }

        handOver?.Dispose();
        handOver = null;
        HandOver();
    }

    private Task<TenantSnapshot?> TenantAsync(TenantId tenant) => GrainFactory.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant)).GetSnapshotAsync(null);

    private static JoinAnswer Refuse(SignalingStatus status) => new(status, "", null, 0, [], []);

    private static UsageReport CreationReport(Session session) => new(
        session.Id.Value,
        1,
        new UsageKeys(session.Tenant, session.Id.ToString(), "", session.Id.Region, "", ""),
        new UsageTotals { Sessions = 1 },
        session.CreatedAt);
}
