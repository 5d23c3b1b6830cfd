using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Grains.Usage;

namespace NetDiscovery.Grains.UsageTriggers;

/// <summary>
/// Reads what triggers compare. Months whose hours are all sealed never change, so they are read once and kept: looking every minute at a year, or at all
/// time, costs as much as looking at the last months. Usage of other regions is in their ledgers. Belongs to one activation.
/// </summary>
internal sealed class TriggerLedger(IUsageLedger ledger, ITenantIndex tenants, IOtherLedgers? others = null)
{
    // Accounts asked for at a time where an answer takes a way through the world.
    private const int AtOnce = 16;
    private const int AccountsAtOnce = 500;

    // Beyond it nothing more is kept: of a tenant with very many sub-accounts some are read in full.
    private const int MaxKept = 4_000;

    private readonly Dictionary<(string? Region, TenantId Account, DateTimeOffset From), (DateTimeOffset UpTo, TriggerSums Sums)> kept = [];

    /// <returns>A tenant and its sub-accounts: what its usage records count.</returns>
    public async Task<IReadOnlyList<TenantId>> AccountsAsync(TenantId tenant)
    {
        var accounts = new List<TenantId> { tenant };
        IReadOnlyList<Tenant> page;
        do
        {
            page = await tenants.ListAsync(tenant, accounts.Count == 1 ? null : accounts[^1], AccountsAtOnce);
            accounts.AddRange(page.Select(account => account.Id));
        }
        while (page.Count == AccountsAtOnce);

        return accounts;
    }

    /// <summary>Sums usage of accounts in a period, over all regions.</summary>
    /// <param name="accounts">Whose.</param>
    /// <param name="period">When.</param>
    /// <param name="isWhole">False does without regions that can't be reached: usage only grows, so what is reached without them is reached.</param>
    /// <exception cref="Exception">A region can't be reached.</exception>
    public async Task<TriggerSums> SumAsync(IReadOnlyList<TenantId> accounts, TriggerPeriod period, bool isWhole = true)
    {
        var sums = new TriggerSums();
        foreach (var account in accounts)
            await AddAsync(sums, null, account, period);
        foreach (var region in others?.Regions ?? [])
        {
            try
            {
                foreach (var some in accounts.Chunk(AtOnce))
                    await Task.WhenAll(some.Select(account => AddAsync(sums, region, account, period)));
            }
            catch (Exception) when (!isWhole)
            {
                // The next round asks it again.
            }
        }

        return sums;
    }

    private async Task AddAsync(TriggerSums sums, string? region, TenantId account, TriggerPeriod period)
    {
        var (from, before) = kept.TryGetValue((region, account, period.From), out var known) ? known : (period.From, new TriggerSums());
        var query = new UsageQuery(account, null, from, period.To, period.Granularity, UsageGroups.Region, 0, 0);
        var page = await UsagePages.ReadAllAsync(part => region is null ? ledger.QueryAsync(part) : others!.QueryAsync(region, part), query);
        sums.Add(before);
        foreach (var row in page.Rows)
            sums.Add(row.Region ?? "", row.Totals);
        if (period.Kind is UsagePeriod.Yearly or UsagePeriod.AllTime)
            Keep(region, account, period, from, before, page);
    }

    private void Keep(string? region, TenantId account, TriggerPeriod period, DateTimeOffset from, TriggerSums before, UsagePage page)
    {
        var sealedUntil = page.SealedUntil.UtcDateTime;
        var upTo = new DateTimeOffset(sealedUntil.Year, sealedUntil.Month, 1, 0, 0, 0, TimeSpan.Zero);
        if (upTo > period.To)
            upTo = period.To;
        if (upTo <= from || (kept.Count >= MaxKept && !kept.ContainsKey((region, account, period.From))))
            return;

        // A new one: whoever holds the sums before goes on with them.
        var sums = new TriggerSums();
        sums.Add(before);
        foreach (var row in page.Rows.Where(row => row.To <= upTo))
            sums.Add(row.Region ?? "", row.Totals);
        kept[(region, account, period.From)] = (upTo, sums);
    }
}
