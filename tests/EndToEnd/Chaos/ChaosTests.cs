using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>
/// Known traffic through a region whose processes and database are killed at random: in the end no allocation is lost, and what clients and peers
/// counted is what the ledger says, to the byte. <c>tests/Chaos/run --minutes M --seed S</c> runs it for longer.
/// </summary>
public sealed class ChaosTests
{
    private const int CallsPerRelay = 4;

    [Fact]
    public async Task A_killed_relay_carries_its_calls_on_soon_after_its_process_starts()
    {
        await using var region = await ChaosRegion.StartAsync(relays: 1, silos: 1);
        using var tenant = await region.NewTenantAsync();
        await using var call = await ChaosCall.StartAsync(tenant, region.RelayPorts[0]);
        await call.NextEchoAsync();
        var gaps = new List<TimeSpan>();
        for (var i = 0; i < 3; i++)
        {
            await region.Relays[0].KillAsync(TimeSpan.Zero);
            var gap = Stopwatch.StartNew();
            try { await call.NextEchoAsync(); } catch (Exception e) { Assert.Fail(e.Message + region.Relays[0].Output); }
            gaps.Add(gap.Elapsed);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"from SIGKILL and start to the first echo: {string.Join(", ", gaps.Select(gap => $"{gap.TotalMilliseconds:F0} ms"))}");
        Report($"from SIGKILL and start to the first echo: {string.Join(", ", gaps.Select(gap => $"{gap.TotalMilliseconds:F0} ms"))}\n");
        await call.QuietAsync();
        await call.CloseAsync();
        Assert.Null(call.Lost);
        await EqualAsync(tenant, [call]);

        // 2 s on a machine that has time; this one also runs everything else.
        Assert.True(gaps.Min() < TimeSpan.FromSeconds(4), string.Join(", ", gaps));
    }

    [Fact]
    public async Task Random_kills_lose_no_allocation_and_no_byte_of_usage()
    {
        var minutes = double.Parse(Environment.GetEnvironmentVariable("CHAOS_MINUTES") ?? "1", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("CHAOS_SEED") ?? "1", CultureInfo.InvariantCulture);
        await using var region = await ChaosRegion.StartAsync(relays: 2, silos: 2);
        using var tenant = await region.NewTenantAsync();
        var calls = new List<ChaosCall>();
        try
        {
            for (var i = 0; i < CallsPerRelay * region.Relays.Count; i++)
            {
                calls.Add(await ChaosCall.StartAsync(tenant, region.RelayPorts[i % region.Relays.Count]));
            }

            calls.ForEach(call => call.Run());
            var outages = await KillAsync(region, TimeSpan.FromMinutes(minutes), new Random(seed));
            await region.ReadyAsync();
            await Task.WhenAll(calls.Select(call => call.QuietAsync()));
            await Task.WhenAll(calls.Select(call => call.CloseAsync()));
            var lost = calls.Where(call => call.Lost is not null).Select(call => $"{call.Session}: {call.Lost}").ToList();
            var kills = string.Join(", ", region.All.Select(service => $"{service.Name} {service.Kills}").Append($"PostgreSQL {outages}"));
            Report($"seed {seed}, {minutes} min, kills: {kills}; allocations lost: {lost.Count} of {calls.Count}\n");
            await EqualAsync(tenant, calls);
            Assert.Empty(lost);
        }
        finally
        {
            foreach (var call in calls)
            {
                await call.DisposeAsync();
            }
        }
    }

    private static async Task<int> KillAsync(ChaosRegion region, TimeSpan duration, Random random)
    {
        var services = region.All.ToArray();
        var outages = 0;
        for (var elapsed = Stopwatch.StartNew(); elapsed.Elapsed < duration;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 3_500)));
            var away = TimeSpan.FromMilliseconds(random.Next(0, 2_000));
            var victim = random.Next(services.Length + 1);
            if (victim < services.Length)
            {
                await services[victim].KillAsync(away);
                continue;
            }

            outages++;
            await region.Postgres.KillAsync();
            await Task.Delay(away);
            await region.Postgres.StartAsync();
        }

        return outages;
    }

    /// <summary>Waits until the ledger says what clients and peers counted; fails with both.</summary>
    private static async Task EqualAsync(HttpClient tenant, IReadOnlyList<ChaosCall> calls)
    {
        var waited = Stopwatch.StartNew();
        (string Table, long Difference) seen;
        do
        {
            await Task.Delay(500);
            using var sessions = await ChaosRegion.AskAsync(() => tenant.GetAsync("/v1/usage?groupBy=session"));
            using var total = await ChaosRegion.AskAsync(() => tenant.GetAsync("/v1/usage"));
            seen = Compare(calls, sessions.RootElement, total.RootElement);
        }
        while (seen.Difference != 0 && waited.Elapsed < TimeSpan.FromSeconds(90));
        Report(seen.Table);
        Assert.True(seen.Difference == 0, seen.Table);
    }

    private static (string Table, long Difference) Compare(IReadOnlyList<ChaosCall> calls, JsonElement sessions, JsonElement total)
    {
        var table = new StringBuilder();
        long difference = 0, toPeer = 0, toClient = 0;
        table.AppendLine("session                 to peer: peer counted   session ledger  difference | to client: client counted   session ledger  difference");
        foreach (var call in calls)
        {
            var (ledgerToPeer, ledgerToClient) = Sum(sessions, call.Session);
            var (peer, client) = (call.Peer.BytesReceived, call.Counters.LegBytesReceived - call.Counters.RefusedBytesReceived);
            Row(call.Session[..16], peer, ledgerToPeer, client, ledgerToClient);
            (toPeer, toClient) = (toPeer + peer, toClient + client);
        }

        var (tenantToPeer, tenantToClient) = Sum(total, session: null);
        Row("tenant ledger", toPeer, tenantToPeer, toClient, tenantToClient);
        return (table.ToString(), difference);

        void Row(string name, long peer, long ledgerToPeer, long client, long ledgerToClient)
        {
            difference += Math.Abs(peer - ledgerToPeer) + Math.Abs(client - ledgerToClient);
            table.AppendLine(CultureInfo.InvariantCulture, $"{name,-16} {peer,29} {ledgerToPeer,16} {ledgerToPeer - peer,11} | {client,25} {ledgerToClient,16} {ledgerToClient - client,11}");
        }
    }

    private static (long ToPeer, long ToClient) Sum(JsonElement page, string? session) => page.GetProperty("items").EnumerateArray()
        .Where(item => session is null || item.GetProperty("session").GetString() == session)
        .Aggregate((0L, 0L), (sum, item) => (sum.Item1 + item.GetProperty("bytesToPeer").GetInt64(), sum.Item2 + item.GetProperty("bytesToClient").GetInt64()));

    private static void Report(string text)
    {
        TestContext.Current.TestOutputHelper?.Write(text);
        if (Environment.GetEnvironmentVariable("CHAOS_REPORT") is { } path)
        {
            File.AppendAllText(path, text);
        }
    }
}
