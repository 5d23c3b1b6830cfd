namespace NetDiscovery.Fuzz.Engine;

/// <summary>Finds few and small inputs that together take the same branches as many.</summary>
internal static class Minimiser
{
    /// <summary>Smallest first, each input stays only when it adds a pair of branches. How often they were taken is left out: it would keep four times as many.</summary>
    public static IReadOnlyList<byte[]> Minimise(IFuzzTarget target, IEnumerable<byte[]> inputs)
    {
        var coverage = new CoverageMap(countsMatter: false);
        var kept = new List<byte[]>();
        foreach (var input in inputs.OrderBy(input => input.Length))
        {
            CoverageMap.Begin();
            try
            {
                target.Execute(input);
            }
            catch (Exception)
            {
                // A find is written elsewhere; it is no seed.
                coverage.Harvest();
                continue;
            }

            if (coverage.Harvest())
            {
                kept.Add(input);
            }
        }

        return kept;
    }
}
