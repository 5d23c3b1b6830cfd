namespace NetDiscovery.Gateway.Regions.Choice;

/// <summary>How far somebody is from each region, and how that is known.</summary>
/// <param name="Who">Who.</param>
/// <param name="Home">His region, or the nearest one.</param>
/// <param name="Cost">Milliseconds to a region there and back, as well as they are known.</param>
/// <param name="Because">How it is known, as a clause after his name: <c>declares {}</c>, <c>measured the lowest latency to {}</c>; braces stand for the region.</param>
public sealed record Whereabouts(string Who, string Home, Func<string, double> Cost, string Because);
