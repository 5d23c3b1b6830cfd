using System.Collections.Concurrent;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>
/// Counts authenticated Bindings and reports running totals every few seconds, never a call for each. Bounded: beyond <see cref="Max"/>
/// counters a tenant's Bindings are counted without session and label, and beyond twice that not at all.
/// </summary>
internal sealed partial class BindingCounters(ICluster cluster, RelayIdentity relay, ControlPlanePacing pacing, TimeSpan interval, TimeProvider time, ILogger<BindingCounters> logger)
{
    /// <summary>Counters at once that know session and label.</summary>
    public const int Max = 16_384;

    private const int MaxBatch = 1_000;
    private readonly ConcurrentDictionary<UsageKeys, BindingCounter> counters = new();

    /// <summary>Counts one Binding. Any thread; does not allocate but for a credential's first.</summary>
    public void Count(Credential credential, Transport transport)
    {
        var counter = credential.Bindings;
        while (counter is null || counter.Transport != transport.Name() || !counter.TryCount())
        {
            if (Find(credential, transport) is not { } found)
            {
                return;
            }

            credential.Bindings = counter = found;
        }
    }

    /// <summary>Reports until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            await ReportAsync(cancellation);
        }
    }

    /// <summary>Reports what is not confirmed; what can't be delivered now waits for the next time.</summary>
    public async Task ReportAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        foreach (var (key, counter) in counters)
        {
            // If its credential comes again, that gets a counter with an id of its own, and the totals add up.
            if (counter.TryRetire(now))
            {
                counters.TryRemove(key, out _);
            }
        }

        var byGrain = counters.Values.Select(counter => (Counter: counter, Report: counter.Report(now))).Where(pair => pair.Report is not null)
            .GroupBy(pair => GrainKeys.Usage(pair.Counter.Tenant, pair.Counter.Source));
        foreach (var batch in byGrain.SelectMany(group => group.Chunk(MaxBatch)))
        {
            try
            {
                await cluster.RecordUsageAsync(batch[0].Counter.Tenant, [.. batch.Select(pair => pair.Report!)]).WaitAsync(pacing.AnswerWithin, time, cancellation);
                foreach (var (counter, report) in batch)
                {
                    counter.Confirm(report!);
                }
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                LogNotDelivered(batch.Length, exception.Message);
                return;
            }
        }
    }

    private BindingCounter? Find(Credential credential, Transport transport)
    {
        var claims = credential.Claims;
        var full = counters.Count >= Max;
        var keys = new UsageKeys(claims.Tenant, full ? "" : claims.Session?.ToString() ?? "", full ? "" : claims.Label ?? "", relay.Region, relay.Id, transport.Name());
        return counters.TryGetValue(keys, out var counter) ? counter
            : counters.Count >= 2 * Max ? null
            : counters.GetOrAdd(keys, static (key, now) => new BindingCounter(key, now), time.GetUtcNow());
    }

    [LoggerMessage(1261, LogLevel.Debug, "Bindings of {Count} credentials wait, the cluster did not take them: {Problem}")]
    private partial void LogNotDelivered(int count, string problem);
}
