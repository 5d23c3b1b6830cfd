using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Silo.Regions;

/// <summary>Outside of the control region: sees to it that one grain of the cluster takes over tenants, and that another silo has it when the one it was on is gone.</summary>
public sealed partial class TenantReplication(IGrainFactory grains, RegionDirectory regions, TimeProvider time, ILogger<TenantReplication> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var map = regions.Current;
        if (map.IsControl)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await grains.GetGrain<ITenantReplicationGrain>(GrainKeys.Replication(map.Control)).EnsureAsync();
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The cluster or its store is away for a moment; the next round asks again.
                LogFailed(exception.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(3060, LogLevel.Warning, "Tenants can't be taken over from the control region now: {Problem}")]
    private partial void LogFailed(string problem);
}
