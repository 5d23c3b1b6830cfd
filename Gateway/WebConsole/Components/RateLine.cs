namespace NetDiscovery.Gateway.WebConsole.Components;

/// <summary>Values of a chart.</summary>
/// <param name="Name">What they are.</param>
/// <param name="Values">In order of time.</param>
public sealed record RateLine(string Name, IReadOnlyList<double> Values);
