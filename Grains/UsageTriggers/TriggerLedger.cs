using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Grains.Tenants;
using NetDiscovery.Grains.Usage;

namespace NetDiscovery.Grains.UsageTriggers;

/// <summary>
/// Reads what triggers compare. Months whose hours are all sealed never change, so they are read once and kept: looking every minute at a year, or at all
/// time, costs as much as looking at the last months. Belongs to one activation.
/// </summary>
internal sealed class TriggerLedger(IUsageLedger ledger, ITenantIndex tenants)
{
    private const int RowsAtOnce = 1_000;
    private const int AccountsAtOnce = 500;

    // Beyond it nothing more is kept: of a tenant with very many sub-accounts some are read in full.
    private const int MaxKept = 4_000;

    private readonly Dictionary<(TenantId Account, DateTimeOffset From), (DateTimeOffset UpTo, TriggerSums Sums)> kept = [];

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

    /// <summary>Sums usage of accounts in a period.</summary>
    public async Task<TriggerSums> SumAsync(IReadOnlyList<TenantId> accounts, TriggerPeriod period)
    {
        var sums = new TriggerSums();
        foreach (var account in accounts)
        {
            var (from, before) = kept.TryGetValue((account, period.From), out var known) ? known : (period.From, new TriggerSums());
            var (rows, sealedUntil) = await ReadAsync(account, from, period);
            sums.Add(before);
            foreach (var row in rows)
                sums.Add(row.Region ?? "", row.Totals);
            if (period.Kind is UsagePeriod.Yearly or UsagePeriod.AllTime)
                Keep(account, period, from, before, rows, sealedUntil);
        }

        return sums;
    }

    private async Task<(List<UsageRow> Rows, DateTimeOffset SealedUntil)> ReadAsync(TenantId account, DateTimeOffset from, TriggerPeriod period)
    {
        var rows = new List<UsageRow>();
        DateTimeOffset? sealedUntil = null;
        UsagePage page;
        do
        {
            page = await ledger.QueryAsync(new UsageQuery(account, null, from, period.To, period.Granularity, UsageGroups.Region, rows.Count, RowsAtOnce));
            rows.AddRange(page.Rows);

            // Of the first page: what was sealed while reading may have been read before.
            sealedUntil ??= page.SealedUntil;
        }
        while (page.More && page.Rows.Length > 0);

        return (rows, sealedUntil.Value);
    }

    private void Keep(TenantId account, TriggerPeriod period, DateTimeOffset from, TriggerSums before, List<UsageRow> rows, DateTimeOffset sealedUntil)
    {
        var upTo = new DateTimeOffset(sealedUntil.UtcDateTime.Year, sealedUntil.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);
        if (upTo > period.To)
            upTo = period.To;
        if (upTo <= from || (kept.Count >= MaxKept && !kept.ContainsKey((account, period.From))))
            return;

        // A new one: whoever holds the sums before goes on with them.
        var sums = new TriggerSums();
        sums.Add(before);
        foreach (var row in rows.Where(row => row.To <= upTo))
            sums.Add(row.Region ?? "", row.Totals);
        kept[(account, period.From)] = (upTo, sums);
    }
}
