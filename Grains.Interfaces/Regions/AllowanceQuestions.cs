using NetDiscovery.Grains.Interfaces.Allowances;

namespace NetDiscovery.Grains.Interfaces.Regions;

/// <summary>A region tells an allowance's home, in the control region, what it holds of it and what it needs.</summary>
/// <param name="Allowance">Key of the grain.</param>
/// <param name="Statement">As a relay's; the sender's name and incarnation are those of the region.</param>
public sealed record AllowanceExchange(string Allowance, LeaseStatement Statement);

/// <summary>An allowance's home asks a region to give back what it does not use.</summary>
/// <param name="Allowance">Key of the grain.</param>
/// <param name="Keep">Rates: the share that stays; otherwise 0.</param>
public sealed record AllowanceGiveBack(string Allowance, long Keep);
