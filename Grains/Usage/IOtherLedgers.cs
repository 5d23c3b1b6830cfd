using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Usage;

/// <summary>Port to other regions' ledgers: each has what happened there.</summary>
public interface IOtherLedgers
{
    /// <summary>The other regions as they are configured now.</summary>
    IReadOnlyList<string> Regions { get; }

    /// <summary>Asks one of them.</summary>
    /// <param name="region">The region.</param>
    /// <param name="query">As for <see cref="IUsageLedger.QueryAsync"/>.</param>
    /// <exception cref="Exception">It can't be reached.</exception>
    Task<UsagePage> QueryAsync(string region, UsageQuery query);
}
