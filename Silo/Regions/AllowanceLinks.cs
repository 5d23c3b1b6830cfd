using System.Collections.Concurrent;
using NetDiscovery.Grains.Allowances;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Regions;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Silo.Regions;

/// <summary>Allowances of other regions, at their gateways. A region that did not answer is not asked again for some seconds: who waits for the answer is a client.</summary>
public sealed class AllowanceLinks(RegionLinks links, RegionDirectory regions, TimeProvider time) : IAllowanceLinks
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan AwayFor = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, long> failedAt = new();

    /// <inheritdoc/>
    public Task<LeaseGrant> ExchangeAsync(string control, string allowance, LeaseStatement statement) =>
        AskAsync<AllowanceExchange, LeaseGrant>(control, "/allowances/exchange", new AllowanceExchange(allowance, statement));

    /// <inheritdoc/>
    public async Task<LeaseStatement?> GiveBackAsync(string region, string allowance, long keep) => regions.Current.Peers.ContainsKey(region)
        ? await AskAsync<AllowanceGiveBack, LeaseStatement>(region, "/allowances/give-back", new AllowanceGiveBack(allowance, keep))
        : null;

    private async Task<TAnswer> AskAsync<TQuestion, TAnswer>(string region, string path, TQuestion question)
    {
        if (failedAt.TryGetValue(region, out var failed) && time.GetElapsedTime(failed) < AwayFor)
        {
            throw new RegionUnreachableException(region, "it did not answer a moment ago");
        }

        try
        {
            var answer = await links.AskAsync<TQuestion, TAnswer>(region, path, question, LinkJson.Options, AnswerWithin);
            failedAt.TryRemove(region, out _);
            return answer;
        }
        catch (RegionUnreachableException)
        {
            failedAt[region] = time.GetTimestamp();
            throw;
        }
    }
}
