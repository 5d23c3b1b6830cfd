using System.Collections.Immutable;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Relays;

namespace NetDiscovery.Gateway.Relays;

/// <summary>The relays of a region as known half a second ago at most.</summary>
public sealed class RelayDirectory(IGrainFactory grains, TimeProvider time)
{
    private const int MaxRegions = 100;
    private static readonly TimeSpan Remembered = TimeSpan.FromMilliseconds(500);

    [ThreadStatic]
    private static Random? draws;

    private readonly ShortCache<string, ImmutableArray<RelayStatus>> regions = new(
        Remembered, MaxRegions, time, region => grains.GetGrain<IRelayDirectoryGrain>(GrainKeys.RelayDirectory(region)).ListAsync());

    /// <returns>All relays of the region, healthy or not.</returns>
    public Task<ImmutableArray<RelayStatus>> ListAsync(string region) => regions.GetAsync(region);

    /// <summary>Chooses relays that can take a client now.</summary>
    /// <param name="region">Where.</param>
    /// <param name="serves">Which relays are of use to the tenant.</param>
    /// <returns>At most two, in the order clients should try them; none when there is none.</returns>
    public async Task<IReadOnlyList<RelayStatus>> ChooseAsync(string region, Func<RelayStatus, bool> serves)
    {
        var relays = await ListAsync(region);
        var usable = new List<RelayStatus>(relays.Length);
        foreach (var relay in relays)
        {
            if (relay.Healthy && !relay.Draining && serves(relay))
            {
                usable.Add(relay);
            }
        }

        return RelayChoice.Choose(usable, Draw);
    }

    /// <summary>Forgets a region whose relays this gateway has just told something.</summary>
    public void Forget(string region) => regions.Forget(region);

    // It spreads load and keeps no secret: the system's generator would cost as much as the rest of the choice.
    private static int Draw(int below) => (draws ??= new Random()).Next(below);
}
