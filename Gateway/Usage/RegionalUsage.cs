using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Regions;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Usage;

/// <summary>Sums of usage over all regions. Each region's ledger has what happened there and only grows, so sums need no agreement between regions.</summary>
public sealed class RegionalUsage(IGrainFactory grains, RegionDirectory regions, RegionLinks links)
{
    /// <summary>Most rows that one region may have for a query; beyond it the query has to be narrower.</summary>
    public const int MaxRows = 50_000;

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    /// <summary>One page of sums.</summary>
    public async Task<RegionalUsagePage> QueryAsync(UsageQuery query)
    {
        var map = regions.Current;
        if (map.Peers.IsEmpty)
        {
            return new RegionalUsagePage(await grains.GetGrain<IUsageQueryGrain>(0).QueryAsync(query), [], false);
        }

        // The same page of each region would not do: rows of one group come from several.
        var answers = await Task.WhenAll(map.All.Select(region => ReadAsync(region, region == map.Name, query)));
        if (answers.Any(static answer => answer.TooMany))
        {
            return new RegionalUsagePage(new UsagePage([], false, query.From), [], true);
        }

        var missing = answers.Where(static answer => answer.Rows is null).Select(static answer => answer.Region).ToList();
        var sums = new SortedDictionary<RowKey, UsageRow>();
        foreach (var row in answers.SelectMany(static answer => answer.Rows ?? []))
        {
            var key = new RowKey(row);
            sums[key] = sums.TryGetValue(key, out var sum) ? sum with { Totals = sum.Totals + row.Totals } : row;
        }

        // As long as a region is missing every row may grow.
        var sealedUntil = missing.Count > 0 ? query.From : answers.Min(static answer => answer.SealedUntil);
        return new RegionalUsagePage(
            new UsagePage([.. sums.Values.Skip(query.Offset).Take(query.Limit)], sums.Count > query.Offset + query.Limit, sealedUntil), missing, false);
    }

    private async Task<Answer> ReadAsync(string region, bool isLocal, UsageQuery query)
    {
        try
        {
            var page = await UsagePages.ReadAllAsync(
                part => isLocal
                    ? grains.GetGrain<IUsageQueryGrain>(0).QueryAsync(part)
                    : links.AskAsync<UsageQuery, UsagePage>(region, "/usage/query", part, LinkJson.Options, AnswerWithin),
                query,
                MaxRows);
            return new Answer(region, page.Rows, page.SealedUntil, page.More);
        }
        catch (RegionUnreachableException)
        {
            return new Answer(region, null, default, false);
        }
    }

    private sealed record Answer(string Region, IReadOnlyList<UsageRow>? Rows, DateTimeOffset SealedUntil, bool TooMany);

    /// <summary>What tells rows apart, in the order they are listed.</summary>
    private readonly struct RowKey(UsageRow row) : IComparable<RowKey>
    {
        private readonly DateTimeOffset from = row.From;
        private readonly ImmutableArray<string?> keys = [row.Tenant?.ToString(), row.Session, row.Label, row.Region, row.RelayId, row.Transport];

        public int CompareTo(RowKey other)
        {
            var order = from.CompareTo(other.from);
            for (var index = 0; order == 0 && index < keys.Length; index++)
            {
                order = string.CompareOrdinal(keys[index], other.keys[index]);
            }

            return order;
        }
    }
}

/// <summary>One page of sums over all regions.</summary>
/// <param name="Page">The page.</param>
/// <param name="Missing">Regions that could not be asked: what happened there is not in it, and nothing of it is sealed.</param>
/// <param name="TooMany">True when a region has more than <see cref="RegionalUsage.MaxRows"/> rows; then there is no page.</param>
public sealed record RegionalUsagePage(UsagePage Page, IReadOnlyList<string> Missing, bool TooMany);
