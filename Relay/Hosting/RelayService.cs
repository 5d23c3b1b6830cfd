using Microsoft.Extensions.Options;

namespace NetDiscovery.Relay.Hosting;

/// <summary>
/// Runs the relay in its host. It serves before the services that wait for the cluster are up, calls the cluster after, and stops before the cluster connection goes,
/// so that final totals can still be delivered.
/// </summary>
internal sealed class RelayService(RelayServer server, DrainOnStop drain, IOptions<RelayOptions> options) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        server.Start();

        // Media goes on already; what comes next needs the ports of the health endpoint.
        await server.PredecessorGoneAsync();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        server.Connect(LongLived.MoveAway);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await drain.RunAsync(TimeSpan.FromSeconds(options.Value.DrainSeconds), cancellationToken);
        await server.StopAsync();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
