using NetDiscovery.Grains.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>The ledger with what only the silo itself does to it.</summary>
public interface IUsageStore : IUsageLedger
{
    /// <summary>
    /// Moves the watermark up to <paramref name="until"/> (never back) and numbers rows before it for export.
    /// May be called by several silos at once.
    /// </summary>
    /// <param name="until">Start of the first hour that stays open, UTC.</param>
    /// <param name="maxRows">Most rows to number in this call.</param>
    /// <param name="cancellationToken">Ends the work between statements.</param>
    /// <returns>Rows numbered; <paramref name="maxRows"/> when more may wait.</returns>
    Task<int> SealAsync(DateTimeOffset until, int maxRows, CancellationToken cancellationToken);

    /// <summary>Forgets sources that reported last before <paramref name="before"/>; later reports as old as that are refused as anomalies.</summary>
    /// <returns>Rows deleted; <paramref name="maxRows"/> when more may wait.</returns>
    Task<int> DeleteSourcesAsync(DateTimeOffset before, int maxRows, CancellationToken cancellationToken);
}
