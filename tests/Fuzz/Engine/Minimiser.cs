namespace NetDiscovery.Fuzz.Engine;

/// <summary>Finds few and small inputs that together take the same branches as many.</summary>
internal static class Minimiser
{
    /// <summary>Smallest first, each input stays only when it adds something; then its tail goes as far as nothing is lost.</summary>
    public static IReadOnlyList<byte[]> Minimise(IFuzzTarget target, IEnumerable<byte[]> inputs)
    {
        var coverage = new CoverageMap();
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
