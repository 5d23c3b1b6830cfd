namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>A region is upgraded while it is in use.</summary>
public sealed class RollingRestartTests(RunningRegion running) : IClassFixture<RunningRegion>
{
    [Fact]
    public Task A_region_restarted_process_by_process_loses_no_datagram_no_usage_and_no_token() => running.WithCallsAsync(
        6, (tenant, calls) => new RollingRestart(running.Region).RunAsync("a region", calls, running.Region.AtEachGateway(tenant)), relays: 2);
}
