using System.Diagnostics;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.TestKit;
using Npgsql;

namespace NetDiscovery.Control.Bench;

/// <summary>Many relays with allocations of many tenants, and what they cost the processes of the control plane.</summary>
/// <param name="settings">Those of a relay.</param>
/// <param name="processorSeconds">Processor time of each process that is watched, so far.</param>
internal sealed class Fleet(string[] settings, Func<Dictionary<string, double>> processorSeconds) : IAsyncDisposable
{
    private const int AtOnce = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<SimulatedRelay> relays = [];
    private readonly NpgsqlDataSource database = NpgsqlDataSource.Create(
        settings.Select(setting => setting.Split('=', 2)).First(pair => pair[0] == "--ConnectionStrings:Storage")[1]);

    private long Events => relays.Sum(relay => relay.Cluster.Events);

    /// <summary>Puts another fleet in place of the one there is.</summary>
    public async Task<object> StartAsync(int count, int tenants)
    {
        await StopAsync();
        var credentials = Lives.CredentialsOf(tenants);
        foreach (var some in Enumerable.Range(0, count).Chunk(AtOnce))
        {
            relays.AddRange(await Task.WhenAll(some.Select(number => SimulatedRelay.StartAsync(settings, number, Some(credentials, number, count)))));
        }

        return new { relays = relays.Count, tenants };
    }

    /// <summary>Signs of life alone.</summary>
    public Task<object> IdleAsync(TimeSpan measured) => MeasureAsync(measured);

    /// <summary>So many allocations in a second at each relay, each with its four events.</summary>
    public async Task<object> ChurnAsync(int rate, TimeSpan warm, TimeSpan measured)
    {
        using var enough = new CancellationTokenSource();
        var running = relays.Select(relay => Task.Run(() => relay.Lives.RunAsync(rate, enough.Token))).ToArray();
        await Task.Delay(warm);
        var figures = await MeasureAsync(measured);
        await enough.CancelAsync();
        await Task.WhenAll(running);
        await ConfirmedAsync(0);
        return figures;
    }

    /// <summary>So many allocations at each relay that live and relay, and so have their usage reported.</summary>
    public async Task<object> UsageAsync(int held, TimeSpan warm, TimeSpan measured)
    {
        var before = Events;
        relays.ForEach(relay => relay.Hold(held));
        await Eventually.EventuallyAsync(() => Events - before >= relays.Count * held * 3L, Patience, "the cluster knows of every allocation that is held");
        await Task.Delay(warm);
        var figures = await MeasureAsync(measured);
        relays.ForEach(relay => relay.Release());
        await ConfirmedAsync(0);
        return figures;
    }

    /// <summary>Bytes on disk of an allocation, with its part of the indexes.</summary>
    public async Task<object> RowBytesAsync()
    {
        await using var command = database.CreateCommand("VACUUM allocation_state");
        await command.ExecuteNonQueryAsync();
        return new { bytes = await ScalarAsync("SELECT pg_total_relation_size('allocation_state')::float8 / greatest(1, (SELECT count(*) FROM allocation_state))") };
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await database.DisposeAsync();
    }

    private async Task<object> MeasureAsync(TimeSpan measured)
    {
        relays.ForEach(relay => relay.Cluster.TakeTimes());
        var (events, failures, batches) = (Events, relays.Sum(relay => relay.Cluster.Failures), 0);
        var (rows, commits, log) = await DatabaseAsync();
        var (processor, began) = (processorSeconds(), Stopwatch.GetTimestamp());
        await Task.Delay(measured);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var cores = processorSeconds().ToDictionary(pair => pair.Key, pair => (pair.Value - processor[pair.Key]) / seconds);
        double[] times = [.. relays.SelectMany(relay => relay.Cluster.TakeTimes()).Order()];
        batches = times.Length;
        var (rowsNow, commitsNow, logNow) = await DatabaseAsync();
        var confirmed = Events - events;
        return new
        {
            relays = relays.Count, eventsPerSecond = confirmed / seconds, eventsPerBatch = batches == 0 ? 0 : (double)confirmed / batches,
            failures = relays.Sum(relay => relay.Cluster.Failures) - failures, waiting = relays.Sum(relay => relay.Unconfirmed), cores,
            rowsPerSecond = (rowsNow - rows) / seconds, commitsPerSecond = (commitsNow - commits) / seconds, logBytesPerSecond = (logNow - log) / seconds,
            p50Ms = At(times, 0.5), p99Ms = At(times, 0.99),
        };
    }

    private async Task<(double Rows, double Commits, double Log)> DatabaseAsync() => (
        await ScalarAsync("SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::float8 FROM pg_stat_user_tables"),
        await ScalarAsync("SELECT xact_commit::float8 FROM pg_stat_database WHERE datname = current_database()"),
        await ScalarAsync("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8"));

    private async Task<double> ScalarAsync(string query)
    {
        await using var command = database.CreateCommand(query);
        return (double)(await command.ExecuteScalarAsync())!;
    }

    private Task ConfirmedAsync(int left) => Eventually.EventuallyAsync(
        () => relays.Sum(relay => relay.Unconfirmed) <= left, Patience, "the cluster has confirmed the end of every allocation");

    private async Task StopAsync()
    {
        await Task.WhenAll(relays.Select(relay => relay.DisposeAsync().AsTask()));
        relays.Clear();
    }

    // A share of the tenants for each relay, all of them together; with few tenants each relay has them all.
    private static (byte[] Text, CredentialClaims Claims)[] Some((byte[] Text, CredentialClaims Claims)[] credentials, int number, int count) =>
        credentials.Length < count * 16 ? credentials : [.. credentials.Where((_, index) => index % count == number)];

    private static double At(double[] sorted, double quantile) => sorted.Length == 0 ? 0 : sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(quantile * sorted.Length) - 1)];
}
