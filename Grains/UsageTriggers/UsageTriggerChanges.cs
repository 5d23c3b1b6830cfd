using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.UsageTriggers;

/// <summary>The changes that a tenant's triggers go through, as functions from state to state. A change of nothing returns the state it got.</summary>
internal static class UsageTriggerChanges
{
    /// <summary>Triggers of one tenant.</summary>
    public const int MaxTriggers = 1_000;

    // The present period and the one before can fire; one more is kept for clocks that differ.
    private const int PeriodsKept = 3;

    /// <summary>Makes a trigger.</summary>
    /// <returns>Null in place of the trigger when there are too many.</returns>
    public static (UsageTriggersState Next, UsageTrigger? Trigger) Create(this UsageTriggersState state, CreateUsageTrigger request, decimal current, DateTimeOffset now)
    {
        if (state.Find(request.Id) is { } known)
            return (state, known.Trigger);
        if (state.Triggers.Length >= MaxTriggers)
            return (state, null);

        var value = request.Base switch
        {
            UsageBase.Current => current + request.Amount,
            UsageBase.CurrentPercent => current + (current * request.Amount / 100),
            _ => request.Amount,
        };
        var trigger = new UsageTrigger(request.Id, request.Name, request.Region, request.By, request.Recurring, value, request.Url, request.Form, now, now, null);
        return (state with { Triggers = state.Triggers.Add(new StoredUsageTrigger(trigger, [], 0)) }, trigger);
    }

    /// <summary>Changes a trigger; null leaves as it is.</summary>
    public static (UsageTriggersState Next, UsageTrigger? Trigger) Update(
        this UsageTriggersState state, UsageTriggerId id, string? name, string? url, CallbackForm? form, DateTimeOffset now)
    {
        if (state.Find(id) is not { } known)
            return (state, null);

        var changed = known.Trigger with { Name = name ?? known.Trigger.Name, Url = url ?? known.Trigger.Url, Form = form ?? known.Trigger.Form };
        if (changed == known.Trigger)
            return (state, changed);
        changed = changed with { UpdatedAt = now };
        return (state.Put(known, known with { Trigger = changed }), changed);
    }

    /// <summary>Removes a trigger. What it has fired is delivered all the same.</summary>
    public static (UsageTriggersState Next, bool Removed) Remove(this UsageTriggersState state, UsageTriggerId id) =>
        state.Find(id) is { } known ? (state with { Triggers = state.Triggers.Remove(known) }, true) : (state, false);

    /// <summary>Fires what has been reached in a period and has not fired in it. That it fired and what is sent are one change: neither is stored without the other.</summary>
    /// <param name="state">The triggers.</param>
    /// <param name="tenant">Whose they are.</param>
    /// <param name="period">The period.</param>
    /// <param name="sums">Usage in it.</param>
    /// <param name="isHeard">Whether the tenant has an event URL.</param>
    /// <param name="now">The present.</param>
    public static UsageTriggersState Fire(this UsageTriggersState state, TenantId tenant, TriggerPeriod period, TriggerSums sums, bool isHeard, DateTimeOffset now)
    {
        foreach (var stored in state.Triggers)
        {
            var trigger = stored.Trigger;
            if (trigger.Recurring != period.Kind || trigger.CreatedAt >= period.To || stored.Fired.Contains(period.Number) || sums.Of(trigger.By, trigger.Region) < trigger.Value)
                continue;

            var fired = trigger with { FiredAt = now, UpdatedAt = now };
            var firing = new Firing(tenant, fired, period, sums.Of(trigger.By, trigger.Region), now);
            ImmutableArray<CallbackEvent> events = isHeard
                ? [firing.Call(stored.EventSequence + 1), firing.Event(stored.EventSequence + 2)]
                : [firing.Call(stored.EventSequence + 1)];
            var periods = stored.Fired.Length < PeriodsKept ? stored.Fired : stored.Fired.RemoveAt(0);
            state = state.Put(stored, new StoredUsageTrigger(fired, periods.Add(period.Number), stored.EventSequence + events.Length)) with { Outbox = state.Outbox.AddRange(events) };
        }

        return state;
    }

    /// <summary>Forgets events that were handed over.</summary>
    public static UsageTriggersState HandedOver(this UsageTriggersState state, ImmutableArray<CallbackEvent> events)
    {
        var rest = state.Outbox.RemoveAll(waiting => events.Any(known => known.Id == waiting.Id));
        return rest.Length == state.Outbox.Length ? state : state with { Outbox = rest };
    }

    /// <returns>The trigger of this id, or null.</returns>
    public static StoredUsageTrigger? Find(this UsageTriggersState state, UsageTriggerId id) => state.Triggers.FirstOrDefault(stored => stored.Trigger.Id == id);

    private static UsageTriggersState Put(this UsageTriggersState state, StoredUsageTrigger before, StoredUsageTrigger after) =>
        state with { Triggers = state.Triggers.Replace(before, after) };
}
