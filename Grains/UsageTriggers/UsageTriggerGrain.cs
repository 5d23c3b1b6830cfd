using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Audit;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Grains.Usage;

namespace NetDiscovery.Grains.UsageTriggers;

/// <inheritdoc cref="IUsageTriggerGrain"/>
/// <remarks>
/// Two activations may compare the same usage for a moment after a silo's death: the second to write meets another version, reads that the trigger has
/// fired, and fires nothing. What is due is asked for from outside, every minute: see the silo's <c>TriggerRounds</c>.
/// </remarks>
[GrainType("usage-triggers")]
public sealed class UsageTriggerGrain : Grain, IUsageTriggerGrain
{
    private static readonly TimeSpan HandOverEvery = TimeSpan.FromSeconds(5);

    private readonly CommittedState<UsageTriggersState> state;
    private readonly TriggerLedger ledger;
    private readonly TimeProvider time;
    private readonly Retirement retirement;
    private IGrainTimer? handOver;
    private DateTimeOffset? evaluatedAt;

    public UsageTriggerGrain(
        [PersistentState("usage-triggers", StorageNames.Default)] IPersistentState<UsageTriggersState> stored, IUsageLedger ledger, ITenantIndex tenants, TimeProvider time,
        IOtherLedgers? others = null)
    {
        state = new CommittedState<UsageTriggersState>(stored);
        retirement = new Retirement(this, () => state.Value is { Triggers.IsEmpty: true, Outbox.IsEmpty: true });
        this.ledger = new TriggerLedger(ledger, tenants, others);
        this.time = time;
    }

    private TenantId Tenant => GrainKeys.UsageTriggersOf(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        HandOver();
        return Task.CompletedTask;
    }

    public async Task<UsageTriggerReading?> CreateAsync(CreateUsageTrigger request)
    {
        var (period, sums) = await ReadAsync(request.Recurring);
        var trigger = await AuditedAsync(AuditActions.TriggerCreated, request.Id, request.Name, current => current.Create(request, sums.Of(request.By, request.Region), time.GetUtcNow()));
        if (trigger is null)
            return null;

        // One that is reached already need not wait for the next round.
        if (sums.Of(trigger.By, trigger.Region) >= trigger.Value)
            await EvaluateAsync(TimeSpan.Zero);
        return Reading(trigger, period, sums);
    }

    public async Task<UsageTriggerReading?> UpdateAsync(UsageTriggerId id, string? name, string? url, CallbackForm? form)
    {
        retirement.Consider();
        if (await AuditedAsync(AuditActions.TriggerChanged, id, name ?? NameOf(id), current => current.Update(id, name, url, form, time.GetUtcNow())) is not { } trigger)
            return null;
        var (period, sums) = await ReadAsync(trigger.Recurring);
        return Reading(trigger, period, sums);
    }

    public async Task<bool> RemoveAsync(UsageTriggerId id)
    {
        var removed = await AuditedAsync(AuditActions.TriggerRemoved, id, NameOf(id), current => current.Remove(id));
        retirement.Consider();
        return removed;
    }

    public async Task<ImmutableArray<UsageTriggerReading>> ListAsync()
    {
        retirement.Consider();
        var triggers = state.Value.Triggers;
        var readings = new Dictionary<UsagePeriod, (TriggerPeriod Period, TriggerSums Sums)>();
        foreach (var kind in triggers.Select(stored => stored.Trigger.Recurring).Distinct())
            readings[kind] = await ReadAsync(kind);
        return [.. triggers.Select(stored => Reading(stored.Trigger, readings[stored.Trigger.Recurring].Period, readings[stored.Trigger.Recurring].Sums))];
    }

    public async Task EvaluateAsync(TimeSpan unlessWithin)
    {
        retirement.Consider();
        var now = time.GetUtcNow();
        HandOver();
        if (state.Value.Triggers.IsEmpty || now - evaluatedAt < unlessWithin)
            return;

        var accounts = await ledger.AccountsAsync(Tenant);
        var isHeard = await GrainFactory.GetGrain<ITenantGrain>(GrainKeys.Tenant(Tenant)).GetSnapshotAsync(null) is { Discovery.Callbacks.EventUrl: not null };
        foreach (var period in state.Value.Triggers.Select(stored => stored.Trigger.Recurring).Distinct().SelectMany(kind => TriggerPeriod.ToLookAt(kind, now)).ToList())
        {
            var sums = await ledger.SumAsync(accounts, period, isWhole: false);
            await state.ChangeAsync(current => (current.Fire(Tenant, period, sums, isHeard, now), true));
        }

        evaluatedAt = now;
        HandOver();
    }

    private string NameOf(UsageTriggerId id) => state.Value.Triggers.FirstOrDefault(stored => stored.Trigger.Id == id)?.Trigger.Name ?? "";

    private Task<TResult> AuditedAsync<TResult>(string action, UsageTriggerId subject, string detail, Func<UsageTriggersState, (UsageTriggersState Next, TResult Result)> change)
    {
        // Made once: the change may be tried twice.
        var entry = new AuditEntry(Guid.NewGuid(), Tenant, time.GetUtcNow(), action, subject.ToString(), detail, ChangeOrigin.Current);
        return state.ChangeAsync(current =>
        {
            var (next, result) = change(current);
            return (ReferenceEquals(next, current) ? current : next with { Audit = [entry] }, result);
        });
    }

    private async Task<(TriggerPeriod Period, TriggerSums Sums)> ReadAsync(UsagePeriod kind)
    {
        var period = TriggerPeriod.At(kind, time.GetUtcNow());
        return (period, await ledger.SumAsync(await ledger.AccountsAsync(Tenant), period));
    }

    private static UsageTriggerReading Reading(UsageTrigger trigger, TriggerPeriod period, TriggerSums sums) =>
        new(trigger, sums.Of(trigger.By, trigger.Region), period.From, period.To);

    // The events are stored already: this only brings them on their way, in a turn of its own, for as long as it takes.
    private void HandOver()
    {
        if (!state.Value.Outbox.IsEmpty)
            handOver ??= this.RegisterGrainTimer(HandOverAsync, new GrainTimerCreationOptions(TimeSpan.Zero, HandOverEvery) { KeepAlive = true });
    }

    private async Task HandOverAsync(CancellationToken cancellationToken)
    {
        var waiting = state.Value.Outbox;
        foreach (var events in waiting.GroupBy(happened => CallbackEventId.TryParse(happened.Id, out var id) ? id.Subject : default))
            await GrainFactory.GetGrain<ICallbackGrain>(GrainKeys.Callbacks(Tenant, CallbackSubject.UsageTrigger, events.Key)).AcceptAsync([.. events]);
        await state.ChangeAsync(current => (current.HandedOver(waiting), true));
        handOver?.Dispose();
        handOver = null;
        HandOver();
    }
}
