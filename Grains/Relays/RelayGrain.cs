using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Relays;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Relays;

/// <inheritdoc cref="IRelayGrain"/>
/// <remarks>
/// Memory leads and the store follows: a relay must be led while the store is down. What could not be stored is tried again with later
/// heartbeats. Reentrant, so that commands share writes and heartbeats do not wait for them; each step between awaits is whole.
/// </remarks>
[GrainType("relay"), Reentrant]
public sealed partial class RelayGrain : Grain, IRelayGrain
{
    private const int CommandsPerHeartbeat = 256;
    private static readonly TimeSpan SavePause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ObserverAnswersWithin = TimeSpan.FromSeconds(1);

    private readonly IPersistentState<RelayState> stored;
    private readonly CoalescedWriter<RelayState> writer;
    private readonly TimeProvider time;
    private readonly ILogger<RelayGrain> logger;
    private RelayState state = new();
    private RelayHeartbeat? lastHeartbeat;
    private DateTimeOffset? lastSeenAt;
    private DateTimeOffset lastSaveAt;
    private DateTimeOffset activatedAt;
    private bool behind;

    public RelayGrain(
        [PersistentState("relay", StorageNames.Default)] IPersistentState<RelayState> stored, TimeProvider time, ILogger<RelayGrain> logger)
    {
        this.stored = stored;
        this.time = time;
        this.logger = logger;
        writer = new CoalescedWriter<RelayState>(stored, () => state);
    }

    private string Id => GrainKeys.RelayOf(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        state = stored.State;
        activatedAt = time.GetUtcNow();
        return Task.CompletedTask;
    }

    public async Task RegisterAsync(RelayAnnouncement announcement)
    {
        var now = time.GetUtcNow();
        if (state.Announcement is { } before && before.Incarnation != announcement.Incarnation && lastSeenAt > now - RelayDirectoryGrain.HealthyFor)
            IncarnationReplaced(Id, before.Incarnation, announcement.Incarnation);

        state = state with { Announcement = announcement, RegisteredAt = now };
        lastHeartbeat = null;
        lastSeenAt = now;
        await SaveAsync();
    }

    public async Task<RelayInstructions> HeartbeatAsync(RelayHeartbeat heartbeat)
    {
        if (state.Announcement is not { } announcement || announcement.Incarnation != heartbeat.Incarnation)
            return new RelayInstructions(true, []);

        lastHeartbeat = heartbeat;
        lastSeenAt = time.GetUtcNow();
        var next = state.Confirm(heartbeat.CommandsDone);
        if (state.Draining && !heartbeat.Draining && !next.Commands.Any(queued => queued.Command is SetDraining))
            next = next.Enqueue(new SetDraining(true), lastSeenAt.Value)!;
        behind |= !ReferenceEquals(next, state);
        state = next;

        if (behind && lastSeenAt - lastSaveAt >= SavePause)
            _ = SaveAsync();
        var directory = GrainFactory.GetGrain<IRelayDirectoryGrain>(GrainKeys.RelayDirectory(announcement.Region));
        directory.ReportAsync(Status(announcement)).Ignore();
        var instructions = new RelayInstructions(false, [.. state.Commands.Take(CommandsPerHeartbeat)], []);
        return state.Draining || heartbeat.Draining ? instructions with { Alternatives = await AlternativesAsync(directory) } : instructions;
    }

    public async Task<bool> CommandAsync(RelayCommand command)
    {
        if (state.Enqueue(command, time.GetUtcNow()) is not { } next)
        {
            QueueFull(Id, CommandQueue.Max);
            return false;
        }

        var changed = !ReferenceEquals(next, state);
        state = next;
        if (lastHeartbeat is { Observer: { } observer })
            observer.NudgeAsync().Ignore();
        if (changed || behind)
            await SaveAsync();
        return true;
    }

    public async Task<ReclaimAnswer> ReclaimAsync(string allowance, long keep)
    {
        // A relay that misses heartbeats would only use up the time of whoever asks.
        var unseen = time.GetUtcNow() - (lastSeenAt ?? activatedAt);
        if (lastHeartbeat is { Observer: { } observer } && unseen <= RelayDirectoryGrain.HealthyFor)
        {
            try
            {
                return new ReclaimAnswer(await observer.ReclaimAsync(allowance, keep).WaitAsync(ObserverAnswersWithin), false);
            }
            catch (Exception exception)
            {
                NotReclaimed(Id, allowance, exception);
            }
        }

        return new ReclaimAnswer(null, unseen > RelayLease.Term);
    }

    public Task<RelayStatus?> GetAsync() => Task.FromResult(state.Announcement is { } announcement ? Status(announcement) : null);

    private RelayStatus Status(RelayAnnouncement announcement) => new(
        announcement,
        lastSeenAt ?? state.RegisteredAt,
        lastSeenAt >= time.GetUtcNow() - RelayDirectoryGrain.HealthyFor,
        state.Draining || lastHeartbeat is { Draining: true },
        lastHeartbeat?.Allocations ?? 0,
        lastHeartbeat?.PacketsPerSecond ?? 0);

    private async Task<ImmutableArray<RelayAnnouncement>> AlternativesAsync(IRelayDirectoryGrain directory)
    {
        try
        {
            return Alternatives.To(Id, await directory.ListAsync());
        }
        catch (Exception exception)
        {
            // Draining goes on without: clients get 508 in place of another relay's address.
            NoAlternatives(Id, exception);
            return [];
        }
    }

    private async Task SaveAsync()
    {
        lastSaveAt = time.GetUtcNow();
        var saving = state;
        try
        {
            await writer.SaveAsync();
            behind = !ReferenceEquals(saving, state) && behind;
        }
        catch (Exception exception)
        {
            behind = true;
            NotStored(Id, exception);
        }
    }
}
