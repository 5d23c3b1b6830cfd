using System.Globalization;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>What an upgrade does: every process of a region ends and starts again, one after another, while it is in use.</summary>
public sealed class RollingRestartTests(RunningRegion running) : IClassFixture<RunningRegion>
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private ChaosRegion Region => running.Region;

    [Fact]
    public Task A_region_restarted_process_by_process_loses_no_datagram_no_usage_and_no_token() => running.WithCallsAsync(
        6,
        async (tenant, calls) =>
        {
            var tokens = new TokenRequests(Region.AtEachGateway(tenant));
            using var enough = new CancellationTokenSource();
            var asking = tokens.RunAsync(enough.Token);
            var control = await RunningRegion.SendAsync(calls, during: () => Task.Delay(2_000));
            var silos = await RunningRegion.SendAsync(calls, during: () => OneAfterAnotherAsync(Region.Silos));
            var gateways = await RunningRegion.SendAsync(calls, during: () => OneAfterAnotherAsync(Region.Gateways));
            var relays = await RunningRegion.SendAsync(calls, during: RelaysAsync);
            await enough.CancelAsync();
            await asking;
            ChaosReport.Write(string.Create(CultureInfo.InvariantCulture, $"""
                rolling restart, round trips lost: {silos.Lost} of {silos.Sent} while silos restarted, {gateways.Lost} of {gateways.Sent} gateways, {relays.Lost} of {relays.Sent} relays; control run: {control.Lost} of {control.Sent}
                tokens meanwhile: {tokens.Answered}, failed after retries: {tokens.Failed.Count}; repeated: {string.Join(", ", tokens.Repeated.Select(repeated => $"{repeated.Value} × {repeated.Key}"))}

                """));
            Assert.Empty(tokens.Failed);
            Assert.True(silos.Lost + gateways.Lost + relays.Lost <= control.Lost, $"{silos.Lost}, {gateways.Lost} and {relays.Lost} round trips were lost, {control.Lost} without a restart.");
        },
        relays: 2);

    private static async Task OneAfterAnotherAsync(List<Service> services)
    {
        foreach (var service in services)
        {
            await service.RestartAsync();
            await service.ReadyAsync(StartLimit);
        }
    }

    private async Task RelaysAsync()
    {
        for (var number = 0; number < Region.Relays.Count; number++)
        {
            var successor = Region.LaunchRelay(number, "--Relay:TakeOver=true");
            await successor.WaitForAsync("Waits to take over", StartLimit);
            await Region.Relays[number].ReplaceAsync(successor);
            await successor.WaitForAsync("listens on", StartLimit);
        }
    }
}
