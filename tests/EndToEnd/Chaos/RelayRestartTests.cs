using System.Diagnostics;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>A relay's process ends, in each of the ways it can, while calls go on.</summary>
public sealed class RelayRestartTests(RunningRegion running) : IClassFixture<RunningRegion>
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private Service Relay => running.Region.Relays[0];

    [Fact]
    public Task A_killed_relay_carries_its_calls_on_soon_after_its_process_starts_and_counts_each_datagram_once() => running.WithCallsAsync(4, async (_, calls) =>
    {
        const int Kills = 6, Window = 24;
        calls.ForEach(call => call.Flood(Window));
        var gaps = new List<double>();
        for (var kill = 0; kill < Kills; kill++)
        {
            await UntilEchoAsync(calls, Stopwatch.GetTimestamp());
            await Task.Delay(300);
            var before = Relay.StartedAt;
            await Relay.KillAsync(TimeSpan.Zero);
            while (Relay.StartedAt == before)
            {
                await Task.Delay(1);
            }

            gaps.Add(Stopwatch.GetElapsedTime(Relay.StartedAt, await UntilEchoAsync(calls, Relay.StartedAt)).TotalMilliseconds);
        }

        ChaosReport.Write($"kill -9: from the start of the relay's process to the first echo on the same relayed address, ms: {string.Join(", ", gaps.Select(gap => $"{gap:F0}"))}; {calls.Sum(call => call.Peer.PacketsReceived)} datagrams reached peers");

        // 2 s where the machine has time. Here it may run much else: as a measure, what a process takes that does nothing but read its settings and refuse them.
        var measure = Stopwatch.StartNew();
        await HostProcess.RunAsync("Relay", ["--Relay:Port=0"], StartLimit);
        var limit = Math.Max(4_000, 8 * measure.Elapsed.TotalMilliseconds);
        Assert.True(gaps.Min() < limit, $"{string.Join(", ", gaps)}; limit {limit:F0}");
    });

    [Fact]
    public Task A_planned_restart_with_a_successor_loses_no_datagram_and_bills_each_once() => running.WithCallsAsync(6, async (_, calls) =>
    {
        var control = await RunningRegion.SendAsync(calls, during: () => Task.Delay(1_000));

        // Twice: what was inherited is handed on.
        for (var restart = 1; restart <= 2; restart++)
        {
            var successor = await WaitingSuccessorAsync();
            var planned = await RunningRegion.SendAsync(calls, during: async () =>
            {
                await Relay.ReplaceAsync(successor);
                await successor.WaitForAsync("listens on", StartLimit);
            });
            ChaosReport.Write($"planned restart {restart}: {planned.Lost} of {planned.Sent} round trips lost, longest silence {planned.LongestGap.TotalMilliseconds:F0} ms; control run: {control.Lost} of {control.Sent}, {control.LongestGap.TotalMilliseconds:F0} ms");
            Assert.True(planned.Lost <= control.Lost, $"{planned.Lost} round trips were lost, {control.Lost} without a restart.\n{successor.Output}");
        }
    });

    [Fact]
    public Task A_successor_that_waits_takes_over_from_a_relay_that_is_killed() => running.WithCallsAsync(4, async (_, calls) =>
    {
        calls.ForEach(call => call.Run());
        var successor = await WaitingSuccessorAsync();
        var killed = Stopwatch.GetTimestamp();
        await Relay.ReplaceAsync(successor, kill: true);
        var gap = Stopwatch.GetElapsedTime(killed, await UntilEchoAsync(calls, Stopwatch.GetTimestamp()));
        ChaosReport.Write($"kill -9 with a successor that waits: first echo after {gap.TotalMilliseconds:F0} ms");
    });

    private async Task<HostProcess> WaitingSuccessorAsync()
    {
        var successor = running.Region.LaunchRelay(0, "--Relay:TakeOver=true");
        await successor.WaitForAsync("Waits to take over", StartLimit);
        return successor;
    }

    /// <summary>Waits until every call has had an echo later than <paramref name="after"/>.</summary>
    private async Task<long> UntilEchoAsync(List<ChaosCall> calls, long after)
    {
        for (var limit = Stopwatch.StartNew(); calls.Any(call => call.LastEcho <= after);)
        {
            Assert.True(limit.Elapsed < StartLimit, $"Not all calls go on:\n{Relay.Output}");
            await Task.Delay(1);
        }

        return calls.Min(call => call.LastEcho);
    }
}
