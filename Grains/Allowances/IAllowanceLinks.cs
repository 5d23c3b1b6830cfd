using NetDiscovery.Grains.Interfaces.Allowances;

namespace NetDiscovery.Grains.Allowances;

/// <summary>Port to other regions' allowances. Every call may fail: not known means still held.</summary>
public interface IAllowanceLinks
{
    /// <summary>Tells the home what this region holds and needs; see <see cref="IAllowanceGrain.ExchangeAsync"/>.</summary>
    /// <param name="control">The control region, where the home is.</param>
    /// <param name="allowance">Key of the grain.</param>
    /// <param name="statement">What is said.</param>
    Task<LeaseGrant> ExchangeAsync(string control, string allowance, LeaseStatement statement);

    /// <summary>Asks a region to give back what it does not use; see <see cref="IAllowanceGrain.GiveBackAsync"/>.</summary>
    /// <returns>Null when there is no such region any more: what it held is free.</returns>
    Task<LeaseStatement?> GiveBackAsync(string region, string allowance, long keep);
}
