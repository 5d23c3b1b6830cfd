using System.Diagnostics;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>
/// Kills the region's processes and its database with SIGKILL, at random, one or two at a time; each comes back after up to two seconds. It waits while
/// more than one is still starting: a region that is never up shows nothing.
/// </summary>
internal sealed class Killer(ChaosRegion region, Random random)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private int _databaseKills;

    /// <summary>What was killed how often.</summary>
    public string Tally => string.Join(", ", region.All.Select(service => $"{service.Name} {service.Kills}").Append($"PostgreSQL {_databaseKills}"));

    public int Kills => region.All.Sum(service => service.Kills) + _databaseKills;

    public async Task RunAsync(TimeSpan duration)
    {
        var services = region.All.ToArray();
        for (var elapsed = Stopwatch.StartNew(); elapsed.Elapsed < duration;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 3_500)));
            var victims = Enumerable.Range(0, services.Length + 1).OrderBy(_ => random.Next()).Take(random.Next(4) == 0 ? 2 : 1);
            await Task.WhenAll(victims.Select(victim => KillAsync(victim < services.Length ? services[victim] : null, TimeSpan.FromMilliseconds(random.Next(0, 2_000)))).ToList());
            await MostAreUpAsync(services);
        }
    }

    private async Task KillAsync(Service? service, TimeSpan away)
    {
        if (service is not null)
        {
            await service.KillAsync(away);
            return;
        }

        _databaseKills++;
        await region.Postgres.KillAsync();
        await Task.Delay(away);
        await region.Postgres.StartAsync();
    }

    private static async Task MostAreUpAsync(Service[] services)
    {
        for (var waited = Stopwatch.StartNew(); (await Task.WhenAll(services.Select(service => service.IsReadyAsync()))).Count(ready => !ready) > 1;)
        {
            Assert.True(waited.Elapsed < Limit, $"After {Limit.TotalSeconds} s still starting:\n{string.Join("\n", services.Select(service => $"== {service.Name}\n{service.Output}"))}");
            await Task.Delay(100);
        }
    }
}
