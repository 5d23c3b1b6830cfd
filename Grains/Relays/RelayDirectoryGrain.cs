using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Relays;

namespace NetDiscovery.Grains.Relays;

/// <inheritdoc cref="IRelayDirectoryGrain"/>
/// <remarks>Stamps reports with its own clock: one clock decides who is healthy.</remarks>
[GrainType("relay-directory")]
public sealed class RelayDirectoryGrain(TimeProvider time) : Grain, IRelayDirectoryGrain
{
    /// <summary>A relay unseen for longer is not handed out.</summary>
    public static readonly TimeSpan HealthyFor = TimeSpan.FromSeconds(3);

    /// <summary>A relay unseen for longer is forgotten.</summary>
    public static readonly TimeSpan RememberedFor = TimeSpan.FromHours(1);

    private readonly SortedDictionary<string, RelayStatus> relays = new(StringComparer.Ordinal);

    public Task ReportAsync(RelayStatus status)
    {
        relays[status.Announcement.RelayId] = status with { LastSeenAt = time.GetUtcNow() };
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<RelayStatus>> ListAsync()
    {
        var now = time.GetUtcNow();
        foreach (var gone in relays.Where(relay => now - relay.Value.LastSeenAt > RememberedFor).Select(relay => relay.Key).ToArray())
            relays.Remove(gone);
        return Task.FromResult<ImmutableArray<RelayStatus>>(
            [.. relays.Values.Select(relay => relay with { Healthy = now - relay.LastSeenAt <= HealthyFor })]);
    }
}
