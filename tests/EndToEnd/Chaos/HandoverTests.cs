namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>A planned restart: the successor runs already when the relay is told to stop.</summary>
public sealed class HandoverTests
{
    private const int Calls = 6, Datagrams = 400;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    [Fact]
    public async Task A_planned_restart_with_a_successor_loses_no_datagram_and_bills_each_once()
    {
        await using var region = await ChaosRegion.StartAsync(relays: 1, silos: 1);
        using var tenant = await region.NewTenantAsync();
        var calls = new List<ChaosCall>();
        try
        {
            for (var i = 0; i < Calls; i++)
            {
                calls.Add(await ChaosCall.StartAsync(tenant, region.RelayPorts[0]));
            }

            var control = await LostAsync(calls, during: () => Task.CompletedTask);

            // Two hand-overs in a row: what was inherited is handed on.
            for (var restart = 1; restart <= 2; restart++)
            {
                var successor = region.LaunchRelay(0, "--Relay:TakeOver=true");
                await successor.WaitForAsync("Waits to take over", TimeSpan.FromSeconds(60));
                var lost = await LostAsync(calls, during: async () =>
                {
                    await region.Relays[0].ReplaceAsync(successor);
                    await successor.WaitForAsync("listens on", TimeSpan.FromSeconds(60));
                });
                ChaosReport.Write($"planned restart {restart}: {lost} of {Calls * Datagrams} round trips lost; {control} in the control run before it");
                Assert.True(lost <= control, $"{lost} round trips were lost, {control} without a restart.\n{successor.Output}");
            }

            await Task.WhenAll(calls.Select(call => call.QuietAsync()));
            await Task.WhenAll(calls.Select(call => call.CloseAsync()));
            Assert.All(calls, call => Assert.Null(call.Lost));
            await Conservation.AssertAsync(tenant, calls);
        }
        finally
        {
            foreach (var call in calls)
            {
                await call.DisposeAsync();
            }
        }
    }

    private static async Task<long> LostAsync(List<ChaosCall> calls, Func<Task> during)
    {
        var (sent, back) = (calls.Sum(call => call.DatagramsSent), calls.Sum(call => call.Echoes));
        var meanwhile = Task.Run(async () =>
        {
            await Task.Delay(Pace * (Datagrams / 4));
            await during();
        });
        await Task.WhenAll(calls.Select(call => call.SendAsync(Datagrams, Pace)));
        await meanwhile;
        sent = calls.Sum(call => call.DatagramsSent) - sent;
        for (var quiet = 0; quiet < 20 && calls.Sum(call => call.Echoes) - back < sent; quiet++)
        {
            await Task.Delay(100);
        }

        return sent - (calls.Sum(call => call.Echoes) - back);
    }
}
