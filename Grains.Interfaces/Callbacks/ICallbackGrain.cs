using System.Collections.Immutable;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Interfaces.Callbacks;

/// <summary>Delivers the events of one subject of a tenant in order, each at least once, and keeps what became of them. Key: <see cref="GrainKeys.Callbacks"/>.</summary>
[Alias("callbacks"), GrainInterfaceType("callbacks")]
public interface ICallbackGrain : IGrainWithStringKey
{
    /// <summary>Takes events over: they are stored when it returns. Safe to repeat; what was taken before changes nothing.</summary>
    /// <param name="events">In order of their sequence.</param>
    [Alias("accept")]
    Task AcceptAsync(ImmutableArray<CallbackEvent> events);

    /// <summary>Sends an event again, whatever became of it.</summary>
    /// <returns>The delivery; null when no such event is kept.</returns>
    [Alias("redeliver")]
    Task<CallbackDelivery?> RedeliverAsync(string eventId);

    /// <returns>The delivery of an event; null when no such event is kept.</returns>
    [Alias("get"), AlwaysInterleave]
    Task<CallbackDelivery?> GetAsync(string eventId);

    /// <summary>Goes on with what is due: the silo that was at it may be gone.</summary>
    [Alias("wake")]
    Task WakeAsync();
}

/// <summary>Reads the log of deliveries. Stateless; use key 0.</summary>
[Alias("callback-query"), GrainInterfaceType("callback-query")]
public interface ICallbackQueryGrain : IGrainWithIntegerKey
{
    /// <returns>One page of a tenant's deliveries.</returns>
    [Alias("list"), ResponseTimeout(CallTimeouts.Reading)]
    Task<ImmutableArray<CallbackDelivery>> ListAsync(CallbackQuery query);
}

/// <summary>Which deliveries to list: those of usage triggers, then those of sessions, newest session first, and of a subject its last event first.</summary>
/// <param name="Tenant">Whose.</param>
/// <param name="Kind">With <paramref name="Subject"/>: only this subject's.</param>
/// <param name="Subject">The session's or trigger's id; null for all.</param>
/// <param name="Status">Only those that stand so; null for all.</param>
/// <param name="Offset">Deliveries to skip.</param>
/// <param name="Limit">1 to 501.</param>
[GenerateSerializer, Immutable, Alias("CallbackQuery")]
public sealed record CallbackQuery(
    [property: Id(0)] TenantId Tenant,
    [property: Id(1)] CallbackSubject Kind,
    [property: Id(2)] Guid? Subject,
    [property: Id(3)] CallbackStatus? Status,
    [property: Id(4)] int Offset,
    [property: Id(5)] int Limit);
