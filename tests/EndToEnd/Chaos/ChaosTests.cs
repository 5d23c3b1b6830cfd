using System.Globalization;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>
/// Known traffic through a region whose processes and database are killed at random: in the end no allocation is lost, and what clients and peers
/// counted is what the ledger says, to the byte. <c>tests/Chaos/run --minutes M --seed S</c> runs it for longer.
/// </summary>
public sealed class ChaosTests
{
    private const int CallsPerRelay = 4;

    [Fact]
    public async Task Random_kills_lose_no_allocation_and_no_byte_of_usage()
    {
        var minutes = double.Parse(Environment.GetEnvironmentVariable("CHAOS_MINUTES") ?? "1", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("CHAOS_SEED") ?? "1", CultureInfo.InvariantCulture);
        await using var region = await ChaosRegion.StartAsync(relays: 2, silos: 2);
        using var tenant = await region.NewTenantAsync();
        var lasting = new List<ChaosCall>();
        var churns = region.RelayPorts.Select((port, i) => new Churn(tenant, port, new Random(seed + i))).ToList();
        try
        {
            for (var i = 0; i < CallsPerRelay * region.Relays.Count; i++)
            {
                lasting.Add(await ChaosCall.StartAsync(tenant, region.RelayPorts[i % region.Relays.Count]));
            }

            lasting.ForEach(call => call.Run());
            using var enough = new CancellationTokenSource();
            var churning = Task.WhenAll(churns.Select(churn => churn.RunAsync(enough.Token)));
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
                calls: {lasting.Count} all the time, {all.Count - lasting.Count} short ones; lost: {lost.Count}; refused: {string.Join(", ", churns.SelectMany(churn => churn.Refusals).Select(refusal => $"{refusal.Value} × {refusal.Key}").DefaultIfEmpty("none"))}
                datagrams: {all.Sum(call => call.DatagramsSent)} sent by clients, {all.Sum(call => call.Peer.PacketsReceived)} reached peers, {all.Sum(call => call.Echoes)} came back

                """));
            await Conservation.AssertAsync(tenant, all);
            Assert.Empty(lost);
        }
        catch
        {
            ChaosReport.Write(string.Concat(region.All.Select(service => $"== errors of {service.Name}\n{service.Errors}")));
            throw;
        }
        finally
        {
            foreach (var call in lasting.Concat(churns.SelectMany(churn => churn.Calls)))
            {
                await call.DisposeAsync();
            }
        }
    }
}
