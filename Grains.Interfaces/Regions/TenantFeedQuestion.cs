namespace NetDiscovery.Grains.Interfaces.Regions;

/// <summary>A region asks the control region for changed tenants.</summary>
/// <param name="After">Position of the last change it has; 0 for all.</param>
/// <param name="Limit">Tenants at most.</param>
/// <param name="WaitMilliseconds">How long the answer may wait for a change where there is none; 0 to 30,000.</param>
public sealed record TenantFeedQuestion(long After, int Limit, int WaitMilliseconds);
