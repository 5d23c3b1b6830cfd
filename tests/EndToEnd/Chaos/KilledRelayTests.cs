using System.Diagnostics;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>One relay, killed with SIGKILL again and again while it is at work.</summary>
public sealed class KilledRelayTests
{
    [Fact]
    public async Task A_killed_relay_carries_its_calls_on_soon_after_its_process_starts_and_counts_each_datagram_once()
    {
        const int Kills = 6, Window = 24;
        await using var region = await ChaosRegion.StartAsync(relays: 1, silos: 1);
        using var tenant = await region.NewTenantAsync();
        var calls = new List<ChaosCall>();
        try
        {
            for (var i = 0; i < 4; i++)
            {
                calls.Add(await ChaosCall.StartAsync(tenant, region.RelayPorts[0]));
                calls[i].Flood(Window);
            }

            var gaps = new List<double>();
            for (var kill = 0; kill < Kills; kill++)
            {
                await UntilEchoAsync(calls, Stopwatch.GetTimestamp(), region);
                await Task.Delay(300);
                var started = region.Relays[0].StartedAt;
                await region.Relays[0].KillAsync(TimeSpan.Zero);
                while (region.Relays[0].StartedAt == started)
                {
                    await Task.Delay(1);
                }

                started = region.Relays[0].StartedAt;
                gaps.Add(Stopwatch.GetElapsedTime(started, await UntilEchoAsync(calls, started, region)).TotalMilliseconds);
            }

            ChaosReport.Write($"from the start of the relay's process to the first echo, ms: {string.Join(", ", gaps.Select(gap => $"{gap:F0}"))}; {calls.Sum(call => call.Peer.PacketsReceived)} datagrams reached peers");
            await Task.WhenAll(calls.Select(call => call.QuietAsync()));
            await Task.WhenAll(calls.Select(call => call.CloseAsync()));
            await Conservation.AssertAsync(tenant, calls);

            // 2 s where the machine has time; here it may run much else.
            Assert.True(gaps.Min() < 4_000, string.Join(", ", gaps));
        }
        finally
        {
            foreach (var call in calls)
            {
                await call.DisposeAsync();
            }
        }
    }

    private static async Task<long> UntilEchoAsync(List<ChaosCall> calls, long after, ChaosRegion region)
    {
        var limit = Stopwatch.StartNew();
        while (calls.Any(call => call.LastEcho <= after))
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(60), $"Not all calls go on:\n{region.Relays[0].Output}");
            await Task.Delay(1);
        }

        return calls.Min(call => call.LastEcho);
    }
}
