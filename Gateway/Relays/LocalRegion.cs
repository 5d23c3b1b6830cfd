namespace NetDiscovery.Gateway.Relays;

/// <summary>The region this gateway belongs to.</summary>
/// <param name="Name">Setting <c>Region:Name</c>.</param>
public sealed record LocalRegion(string Name);
