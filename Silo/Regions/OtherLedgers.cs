using NetDiscovery.Grains.Interfaces.Regions;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Usage;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Silo.Regions;

/// <summary>Asks other regions' ledgers at their gateways.</summary>
public sealed class OtherLedgers(RegionLinks links, RegionDirectory regions) : IOtherLedgers
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public IReadOnlyList<string> Regions => [.. regions.Current.Peers.Keys];

    /// <inheritdoc/>
    public Task<UsagePage> QueryAsync(string region, UsageQuery query) =>
        links.AskAsync<UsageQuery, UsagePage>(region, "/usage/query", query, LinkJson.Options, AnswerWithin);
}
