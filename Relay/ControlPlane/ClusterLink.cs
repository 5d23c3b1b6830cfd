using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Relay.ControlPlane.Leases;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>What the cluster may ask a relay to do. Each may be asked twice.</summary>
internal interface IRelayControls
{
    /// <summary>Ends one allocation; nothing happens when it is not here.</summary>
    void Cut(AllocationId allocation);

    /// <summary>Takes no new allocations (true), or takes them again.</summary>
    void SetDraining(bool draining);

    /// <summary>Learns where clients may go while this relay is draining.</summary>
    void SetAlternatives(ImmutableArray<RelayAnnouncement> relays);

    /// <summary>The sign of life to send now.</summary>
    /// <param name="commandsDone">Highest command carried out.</param>
    RelayHeartbeat Heartbeat(long commandsDone);
}

/// <summary>Registers the relay, keeps it known to be alive, carries out commands, and repairs the tenant cache.</summary>
internal sealed partial class ClusterLink(
    ICluster cluster, TenantCache tenants, LeaseBook leases, IRelayControls controls, RelayAnnouncement announcement, ControlPlanePacing pacing, TimeProvider time, ILogger<ClusterLink> logger)
    : IRelayObserver
{
    private readonly SemaphoreSlim due = new(0, 1);
    private bool listening;
    private bool registered;
    private long commandsDone;

    /// <summary>True while heartbeats are answered.</summary>
    public bool Connected { get; private set; }

    /// <summary>Called when the first heartbeat was answered, before <see cref="Connected"/> says so. Set before the link runs.</summary>
    public Action? BeforeReady { get; set; }

    /// <summary>Works until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(BeatAsync(cancellation), RepairAsync(cancellation));

    Task IRelayObserver.NudgeAsync()
    {
        BeatSoon();
        return Task.CompletedTask;
    }

    Task<LeaseStatement> IRelayObserver.ReclaimAsync(string allowance, long keep) => Task.FromResult(leases.Reclaim(allowance, keep));

    private async Task BeatAsync(CancellationToken cancellation)
    {
        await using var timer = time.CreateTimer(_ => BeatSoon(), null, pacing.Heartbeat, pacing.Heartbeat);
        while (true)
        {
            try
            {
                await BeatOnceAsync(cancellation);
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                if (Connected)
                {
                    Connected = false;
                    LogDisconnected(exception.Message);
                }
            }

            await due.WaitAsync(cancellation);
        }
    }

    private void BeatSoon()
    {
        try
        {
            due.Release();
        }
        catch (SemaphoreFullException)
        {
            // One is due already.
        }
    }

    private async Task BeatOnceAsync(CancellationToken cancellation)
    {
        if (!listening)
        {
            cluster.Listen(this);
            listening = true;
        }

        if (!registered)
        {
            await cluster.RegisterAsync(announcement).WaitAsync(pacing.AnswerWithin, time, cancellation);
            registered = true;
        }

        var sentAt = time.GetTimestamp();
        var instructions = await cluster.HeartbeatAsync(controls.Heartbeat(commandsDone)).WaitAsync(pacing.AnswerWithin, time, cancellation);
        leases.Renewed(sentAt);
        if (!Connected)
        {
            BeforeReady?.Invoke();
            BeforeReady = null;
            Connected = true;
            LogConnected();
        }

        registered = !instructions.Register;
        controls.SetAlternatives(instructions.Alternatives);
        foreach (var (sequence, command) in instructions.Commands.IsDefault ? [] : instructions.Commands)
        {
            await CarryOutAsync(command);
            commandsDone = sequence;
        }
    }

    private async Task CarryOutAsync(RelayCommand command)
    {
        switch (command)
        {
            case CutAllocation cut:
                controls.Cut(cut.Allocation);
                break;
            case SetDraining set:
                controls.SetDraining(set.Draining);
                break;
            case RefreshTenant refresh:
                // Throws when the cluster does not answer: the command stays unconfirmed and comes again with the next heartbeat.
                await tenants.RefreshAsync(refresh.Tenant, refresh.Version);
                break;
            default:
                LogUnknownCommand(command.GetType().Name);
                break;
        }
    }

    private async Task RepairAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(pacing.Repair, time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            if (Connected)
            {
                await tenants.RepairAsync(cancellation);
            }
        }
    }

    [LoggerMessage(1241, LogLevel.Information, "The cluster answers; this relay is registered")]
    private partial void LogConnected();

    [LoggerMessage(1242, LogLevel.Warning, "The cluster does not answer: live allocations and known tenants go on, reports wait in the journal. {Problem}")]
    private partial void LogDisconnected(string problem);

    [LoggerMessage(1243, LogLevel.Warning, "The cluster sent a command this version does not know: {Command}")]
    private partial void LogUnknownCommand(string command);
}
