namespace NetDiscovery.Billing;

/// <summary>One line: a tenant's bytes in a region.</summary>
/// <param name="Tenant">Who pays.</param>
/// <param name="Region">Where.</param>
/// <param name="Bytes">Bytes that count by the rule.</param>
/// <param name="FreeBytes">Of them, bytes that cost nothing.</param>
/// <param name="PricePerUnit">Price of a unit here.</param>
/// <param name="Amount">What is to pay, rounded half to even.</param>
public sealed record InvoiceLine(string Tenant, string Region, long Bytes, long FreeBytes, decimal PricePerUnit, decimal Amount);

/// <summary>Makes lines of usage and prices.</summary>
public static class Invoice
{
    /// <summary>Rates a month. Nothing is rounded but the amount of a line, so lines add up to what is paid.</summary>
    /// <exception cref="InvalidOperationException">The month is not sealed: what is billed could still change.</exception>
    public static IReadOnlyList<InvoiceLine> Rate(IEnumerable<MonthlyUsage> usage, PriceList prices)
    {
        var lines = new List<InvoiceLine>();
        foreach (var tenant in usage.GroupBy(static row => row.Tenant, StringComparer.Ordinal).OrderBy(static group => group.Key, StringComparer.Ordinal))
        {
            var free = prices.FreeBytes;
            foreach (var row in tenant.OrderBy(static row => row.Region, StringComparer.Ordinal))
            {
                if (!row.Sealed)
                {
                    throw new InvalidOperationException($"The month is not sealed yet ({row.Tenant}, {row.Region}): try again when sealedUntil has reached its end.");
                }

                var bytes = prices.Bytes(row);
                var freeHere = Math.Min(free, bytes);
                free -= freeHere;
                var price = prices.PriceIn(row.Region);
                lines.Add(new InvoiceLine(row.Tenant, row.Region, bytes, freeHere, price, Math.Round((bytes - freeHere) * price / prices.BytesPerUnit, prices.Digits, MidpointRounding.ToEven)));
            }
        }

        return lines;
    }
}
