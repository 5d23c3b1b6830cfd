using System.Collections.Concurrent;
using System.Collections.Immutable;
using NetDiscovery.Gateway.Relays;
using NetDiscovery.Grains.Interfaces.Regions;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions;

/// <summary>What is known of other regions now.</summary>
public interface IRegionHealth
{
    /// <returns>What the region last said, when that was a moment ago; null when it can't be reached.</returns>
    RegionStatusResponse? StatusOf(string region);

    /// <returns>Milliseconds there and back between two regions as one of them measured; null when unknown.</returns>
    double? RoundTrip(string one, string other);
}

/// <summary>Asks every other region each second how it is, and how long the answer takes.</summary>
public sealed partial class RegionWatch(RegionDirectory regions, RegionLinks links, TimeProvider time, ILogger<RegionWatch> logger) : BackgroundService, IRegionHealth
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(15);
    private const int MaxFailures = 3;
    private const double Inertia = 0.8;

    private readonly ConcurrentDictionary<string, Heard> heard = new();
    private readonly ConcurrentDictionary<string, int> failures = new();

    /// <inheritdoc/>
    public RegionStatusResponse? StatusOf(string region) => Recent(region)?.Status;

    /// <inheritdoc/>
    public double? RoundTrip(string one, string other)
    {
        var here = regions.Current.Name;
        return one == here || other == here ? RoundTripTo(one == here ? other : one) : Measured(one, other) ?? Measured(other, one);
    }

    /// <summary>What this region measures to all others.</summary>
    public ImmutableSortedDictionary<string, double> RoundTrips() => regions.Current.Peers.Keys
        .Select(region => (Region: region, Milliseconds: RoundTripTo(region)))
        .Where(static measured => measured.Milliseconds is not null)
        .ToImmutableSortedDictionary(static measured => measured.Region, static measured => measured.Milliseconds!.Value, StringComparer.Ordinal);

    /// <summary>A request could not be passed on to the region: it is not chosen until it answers again.</summary>
    public void Failed(string region) => heard.TryRemove(region, out _);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await Task.WhenAll(regions.Current.Peers.Keys.Select(region => AskAsync(region, stoppingToken)));
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private Heard? Recent(string region) => heard.TryGetValue(region, out var last) && time.GetElapsedTime(last.At) <= GoodFor ? last : null;

    private double? RoundTripTo(string region) => Recent(region)?.RoundTrip;

    private double? Measured(string from, string to) => Recent(from) is { } last && last.Others.TryGetValue(to, out var milliseconds) ? milliseconds : null;

    private async Task AskAsync(string region, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        try
        {
            // One question that fails says little; a request that could not be passed on says more, see Failed.
            var answer = await links.AskAsync<object, LinkStatus>(region, "/status", new object(), LinkJson.Options, AnswerWithin, cancellation);
            var now = time.GetTimestamp();
            var took = time.GetElapsedTime(began, now).TotalMilliseconds;
            var before = Recent(region);
            failures[region] = 0;
            heard[region] = new Heard(now, answer.Status, before is null ? took : (before.RoundTrip * Inertia) + (took * (1 - Inertia)), answer.RoundTrips);
            if (before is null)
            {
                LogReached(region);
            }
        }
        catch (RegionUnreachableException exception)
        {
            if (failures.AddOrUpdate(region, 1, static (_, count) => count + 1) >= MaxFailures && heard.TryRemove(region, out _))
            {
                LogNotReached(region, exception.Message);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The gateway stops.
        }
    }

    private sealed record Heard(long At, RegionStatusResponse Status, double RoundTrip, ImmutableSortedDictionary<string, double> Others);

    [LoggerMessage(4410, LogLevel.Information, "The region {Region} answers")]
    private partial void LogReached(string region);

    [LoggerMessage(4411, LogLevel.Warning, "The region {Region} does not answer any more; nothing is sent there until it does: {Problem}")]
    private partial void LogNotReached(string region, string problem);
}

/// <summary>What a region says of itself to another.</summary>
/// <param name="Status">Health and load.</param>
/// <param name="RoundTrips">Milliseconds to other regions, as it measures.</param>
public sealed record LinkStatus(RegionStatusResponse Status, ImmutableSortedDictionary<string, double> RoundTrips);
