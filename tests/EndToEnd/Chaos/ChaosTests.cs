using System.Globalization;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>
/// Known traffic through a region whose processes and database are killed at random: in the end no allocation is lost, and what clients and peers
/// counted is what the ledger says, to the byte. <c>tests/Chaos/run --minutes M --seed S</c> runs it for longer.
/// </summary>
public sealed class ChaosTests
{
    private const int CallsPerRelay = 4;

    // Less than what runs at once would take, so that it is reached, and what is relayed within half a minute.
    private const int Places = 12, ChurnsPerRelay = 3;
    private const long BytesPerMonth = 1_500_000;

    [Fact]
    public async Task Random_kills_lose_no_allocation_and_no_byte_of_usage()
    {
        var minutes = double.Parse(Environment.GetEnvironmentVariable("CHAOS_MINUTES") ?? "1", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("CHAOS_SEED") ?? "1", CultureInfo.InvariantCulture);
        await using var region = await ChaosRegion.StartAsync(relays: 2, silos: 2);
        using var tenant = await region.NewTenantAsync(new { concurrentAllocations = Places });
        using var capped = await region.NewTenantAsync(new { relayedBytesPerMonth = BytesPerMonth });
        var alive = new AliveCount();
        var lasting = new List<ChaosCall>();
        var churns = Enumerable.Range(0, ChurnsPerRelay * region.Relays.Count)
            .Select(i => new Churn(tenant, region.RelayAddresses[i % region.Relays.Count], new Random(seed + i), alive)).ToList();
        var spenders = region.RelayAddresses.Select((relay, i) => new Churn(capped, relay, new Random(seed - 1 - i))).ToList();
        try
        {
            for (var i = 0; i < CallsPerRelay * region.Relays.Count; i++)
            {
                lasting.Add(await ChaosCall.StartAsync(tenant, region.RelayAddresses[i % region.Relays.Count], alive));
            }

            lasting.ForEach(call => call.Run());
            using var enough = new CancellationTokenSource();
            var churning = Task.WhenAll(churns.Concat(spenders).Select(churn => churn.RunAsync(enough.Token)));
            var killer = new Killer(region, new Random(seed));
            await killer.RunAsync(TimeSpan.FromMinutes(minutes));
            await region.ReadyAsync();
            await enough.CancelAsync();
            await churning;
            await Task.WhenAll(lasting.Select(call => call.QuietAsync()));
            await Task.WhenAll(lasting.Select(call => call.CloseAsync()));

            var all = lasting.Concat(churns.SelectMany(churn => churn.Calls)).ToList();
            var lost = all.Where(call => call.Lost is not null).Select(call => $"{call.Session}: {call.Lost}").ToList();
            ChaosReport.Write(string.Create(CultureInfo.InvariantCulture, $"""
                seed {seed}, {minutes} min, {killer.Kills} kills with SIGKILL: {killer.Tally}
                calls: {lasting.Count} all the time, {all.Count - lasting.Count} short ones; lost: {lost.Count}{string.Concat(lost.Select(call => $" ({call})"))}; refused: {string.Join(", ", churns.SelectMany(churn => churn.Refusals).Select(refusal => $"{refusal.Value} × {refusal.Key}").DefaultIfEmpty("none"))}
                datagrams: {all.Sum(call => call.DatagramsSent)} sent by clients, {all.Sum(call => call.Peer.PacketsReceived)} reached peers, {all.Sum(call => call.Echoes)} came back

                """));
            await Conservation.AssertAsync(tenant, all, region.StoredAsync);
            await QuotasHeldAsync(alive, churns, capped, spenders);
            Assert.Empty(lost);
        }
        catch
        {
            ChaosReport.Write(await region.PendingAsync());
            ChaosReport.Write(string.Concat(region.All.Select(service => $"== errors of {service.Name}\n{service.Errors}")));
            throw;
        }
        finally
        {
            foreach (var call in lasting.Concat(churns.Concat(spenders).SelectMany(churn => churn.Calls)))
            {
                await call.DisposeAsync();
            }
        }
    }

    private static async Task QuotasHeldAsync(AliveCount alive, List<Churn> churns, HttpClient capped, List<Churn> spenders)
    {
        // What the ledger does not have yet can only make it more: peers have counted all.
        var billed = await Conservation.RelayedAsync(capped);
        var reached = spenders.SelectMany(churn => churn.Calls).Sum(call => call.Peer.BytesReceived + (call.Echoes * ChaosCall.Bytes));
        ChaosReport.Write(string.Create(CultureInfo.InvariantCulture, $"""
            quota of {Places} allocations: at most {alive.Most} alive at once, {churns.Sum(churn => churn.QuotaReached)} × 486
            quota of {BytesPerMonth} relayed bytes: {billed} billed, {reached} reached peers and clients, {spenders.Sum(churn => churn.QuotaReached)} × 486

            """));
        Assert.InRange(alive.Most, 1, Places);
        Assert.InRange(billed, 0, BytesPerMonth);
        Assert.InRange(reached, 0, BytesPerMonth);
    }
}
