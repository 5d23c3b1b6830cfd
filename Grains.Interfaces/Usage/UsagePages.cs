using System.Collections.Immutable;

namespace NetDiscovery.Grains.Interfaces.Usage;

/// <summary>Reads a question for sums to its end, from whichever ledger.</summary>
public static class UsagePages
{
    private const int RowsAtOnce = 1_000;

    /// <summary>Asks for one page after the other.</summary>
    /// <param name="ask">Asks the ledger.</param>
    /// <param name="query">The question, from its first row; how many rows it asks for does not matter.</param>
    /// <param name="maxRows">Reading ends when there are more rows than this.</param>
    /// <returns>All rows; <see cref="UsagePage.More"/> is true when there are more than <paramref name="maxRows"/>.</returns>
    public static async Task<UsagePage> ReadAllAsync(Func<UsageQuery, Task<UsagePage>> ask, UsageQuery query, int maxRows = int.MaxValue)
    {
        var rows = ImmutableArray.CreateBuilder<UsageRow>();
        DateTimeOffset? sealedUntil = null;
        while (true)
        {
            var page = await ask(query with { Offset = rows.Count, Limit = RowsAtOnce });
            rows.AddRange(page.Rows);

            // Of the first page: what was sealed while reading may have been read before.
            sealedUntil ??= page.SealedUntil;
            var more = page.More && page.Rows.Length > 0;
            if (!more || rows.Count > maxRows)
            {
                return new UsagePage(rows.DrainToImmutable(), more, sealedUntil.Value);
            }
        }
    }
}
