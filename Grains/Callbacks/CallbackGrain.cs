using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tenants;
using Orleans.Concurrency;
using Orleans.Storage;

namespace NetDiscovery.Grains.Callbacks;

/// <inheritdoc cref="ICallbackGrain"/>
/// <remarks>
/// Events are stored before they count as taken; an attempt is stored after it was made, so what a crash cuts off is made again. Reentrant, so that taking
/// events does not wait for a slow receiver; each step between awaits is whole. One attempt at a time, on the grain's turns.
/// </remarks>
[GrainType("callbacks"), Reentrant]
public sealed partial class CallbackGrain : Grain, ICallbackGrain
{
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(5);

    /// <summary>A longer pause does not keep the activation in memory: what looks for due rows wakes it.</summary>
    private static readonly TimeSpan StayFor = TimeSpan.FromMinutes(2);

    private readonly IPersistentState<CallbackState> stored;
    private readonly CoalescedWriter<CallbackState> writer;
    private readonly ICallbackSender sender;
    private readonly RegionRole role;
    private readonly ITenantSource? control;
    private readonly TimeProvider time;
    private readonly ILogger<CallbackGrain> logger;
    private readonly Retirement retirement;
    private CallbackState state = new();
    private CallbackState durable = new();
    private IGrainTimer? timer;
    private bool delivering;
    private bool stale;

    public CallbackGrain(
        [PersistentState("callbacks", StorageNames.Sessions)] IPersistentState<CallbackState> stored,
        ICallbackSender sender,
        IOptions<RegionRole> role,
        TimeProvider time,
        ILogger<CallbackGrain> logger,
        ITenantSource? control = null)
    {
        this.stored = stored;
        this.sender = sender;
        this.role = role.Value;
        this.control = control;
        this.time = time;
        this.logger = logger;
        writer = new CoalescedWriter<CallbackState>(stored, () => state, yields: true, value => durable = value);
        retirement = new Retirement(this, () => state.DueMilliseconds is null && !delivering);
    }

    private string Key => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        state = durable = stored.State;
        Deliver();
        retirement.Consider();
        return Task.CompletedTask;
    }

    public async Task AcceptAsync(ImmutableArray<CallbackEvent> events)
    {
        (state, var refused) = state.Accept(events, time.GetUtcNow());
        if (refused > 0)
            NoRoom(Key, refused, CallbackChanges.MaxPending);

        // Also when nothing is new: what an earlier call brought may not have been stored.
        await SaveAsync();
        Deliver();
    }

    public async Task<CallbackDelivery?> RedeliverAsync(string eventId)
    {
        (state, var delivery) = state.Redeliver(eventId, time.GetUtcNow());
        await SaveAsync();
        Deliver();
        retirement.Consider();
        return delivery;
    }

    public Task<CallbackDelivery?> GetAsync(string eventId)
    {
        retirement.Consider();
        return Task.FromResult(state.Find(eventId));
    }

    public Task WakeAsync()
    {
        Deliver();
        return Task.CompletedTask;
    }

    private void Deliver()
    {
        if (!delivering && !stale)
            _ = DeliverAsync();
    }

    private async Task DeliverAsync()
    {
        delivering = true;
        try
        {
            while (true)
            {
                // What an earlier call could not store is stored before anything more is sent.
                await SaveAsync();
                if (state.Next() is not { } delivery)
                    return;

                var wait = delivery.NextAttemptAt!.Value - time.GetUtcNow();
                if (wait > TimeSpan.Zero)
                {
                    ComeBack(wait);
                    return;
                }

                await AttemptAsync(delivery.Event);
            }
        }
        catch (Exception exception)
        {
            // The tenant's grain or the store is away; nothing is lost, and the attempt may be made twice.
            Stopped(Key, exception);
            if (!stale)
                ComeBack(AfterTrouble);
        }
        finally
        {
            delivering = false;
            retirement.Consider();
        }
    }

    private async Task AttemptAsync(CallbackEvent happened)
    {
        var tenant = GrainFactory.GetGrain<ITenantGrain>(GrainKeys.Tenant(GrainKeys.CallbackTenantOf(Key)));
        var target = await tenant.GetCallbackTargetAsync();
        if (target is null || (happened.Url ?? target.EventUrl) is not { } url)
        {
            state = state.Drop(happened.Id);
            return;
        }

        if (target.Secrets.IsEmpty)
        {
            await EnsureSecretAsync(tenant);
            target = await tenant.GetCallbackTargetAsync() ?? target;
            if (target.Secrets.IsEmpty)
                throw new InvalidOperationException("The tenant has no secret that signs callbacks here yet.");
        }

        var attempt = await sender.SendAsync(happened, url, target.Secrets);
        state = state.Attempted(happened.Id, attempt, time.GetUtcNow());
        if (state.Find(happened.Id) is { Status: CallbackStatus.Failed } failed)
            GaveUp(happened.Id, failed.Attempts, attempt.Problem);
    }

    // Secrets are made where tenants are written, and come from there like everything of a tenant.
    private async Task EnsureSecretAsync(ITenantGrain tenant)
    {
        if (role.IsControl || control is null)
        {
            await tenant.EnsureCallbackSecretAsync();
            return;
        }

        await control.EnsureCallbackSecretAsync(role.Control!, GrainKeys.CallbackTenantOf(Key));
        await GrainFactory.GetGrain<ITenantReplicationGrain>(GrainKeys.Replication(role.Control!)).CatchUpAsync();
    }

    private void ComeBack(TimeSpan wait)
    {
        timer?.Dispose();
        timer = this.RegisterGrainTimer(_ => WakeAsync(), new GrainTimerCreationOptions(wait, Timeout.InfiniteTimeSpan) { Interleave = true, KeepAlive = wait < StayFor });
    }

    private async Task SaveAsync()
    {
        if (ReferenceEquals(state, durable))
            return;

        try
        {
            await writer.SaveAsync();
        }
        catch (InconsistentStateException)
        {
            // Another activation writes too: only what is stored counts, and it is read by the next one.
            stale = true;
            DeactivateOnIdle();
            throw;
        }
    }
}
