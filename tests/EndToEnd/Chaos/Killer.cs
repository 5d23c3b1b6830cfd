using System.Diagnostics;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>Kills the region's processes and its database with SIGKILL, one at a time, at random; each comes back after up to two seconds.</summary>
internal sealed class Killer(ChaosRegion region, Random random)
{
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
            var away = TimeSpan.FromMilliseconds(random.Next(0, 2_000));
            var victim = random.Next(services.Length + 1);
            if (victim < services.Length)
            {
                await services[victim].KillAsync(away);
                continue;
            }

            _databaseKills++;
            await region.Postgres.KillAsync();
            await Task.Delay(away);
            await region.Postgres.StartAsync();
        }
    }
}
