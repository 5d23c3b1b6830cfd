using System.Globalization;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>What an upgrade does: every process of a region ends and starts again, one after another, while it is in use.</summary>
internal sealed class RollingRestart(ChaosRegion region)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    /// <summary>Restarts silos, gateways and relays while calls send and tokens are asked for; fails when a datagram or a token is lost.</summary>
    /// <param name="name">For the report.</param>
    /// <param name="calls">What goes on meanwhile.</param>
    /// <param name="gateways">Clients that tokens are asked for, each of a gateway.</param>
    public async Task RunAsync(string name, List<ChaosCall> calls, IReadOnlyList<HttpClient> gateways)
    {
        var tokens = new TokenRequests(gateways);
        using var enough = new CancellationTokenSource();
        var asking = tokens.RunAsync(enough.Token);
        var control = await RunningRegion.SendAsync(calls, during: () => Task.Delay(2_000));
        var silos = await RunningRegion.SendAsync(calls, during: () => OneAfterAnotherAsync(region.Silos));
        var atGateways = await RunningRegion.SendAsync(calls, during: () => OneAfterAnotherAsync(region.Gateways));
        var relays = await RunningRegion.SendAsync(calls, during: RelaysAsync);
        await enough.CancelAsync();
        await asking;
        ChaosReport.Write(string.Create(CultureInfo.InvariantCulture, $"""
            rolling restart of {name}, round trips lost: {silos.Lost} of {silos.Sent} while silos restarted, {atGateways.Lost} of {atGateways.Sent} gateways, {relays.Lost} of {relays.Sent} relays; control run: {control.Lost} of {control.Sent}
            tokens meanwhile: {tokens.Answered}, failed after retries: {tokens.Failed.Count}; repeated: {string.Join(", ", tokens.Repeated.Select(repeated => $"{repeated.Value} × {repeated.Key}").DefaultIfEmpty("none"))}

            """));
        Assert.Empty(tokens.Failed);
        Assert.True(
            silos.Lost + atGateways.Lost + relays.Lost <= control.Lost, $"{silos.Lost}, {atGateways.Lost} and {relays.Lost} round trips were lost, {control.Lost} without a restart.");
    }

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
        for (var number = 0; number < region.Relays.Count; number++)
        {
            var successor = region.LaunchRelay(number, "--Relay:TakeOver=true");
            await successor.WaitForAsync("Waits to take over", StartLimit);
            await region.Relays[number].ReplaceAsync(successor);
            await successor.WaitForAsync("listens on", StartLimit);
        }
    }
}
