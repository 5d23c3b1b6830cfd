namespace NetDiscovery.Gateway.Regions;

/// <summary>Marks a request that came from another region, proven.</summary>
/// <param name="From">The region.</param>
/// <param name="Forwarded">What the other gateway adds to a request it passes on; null for a request of its own.</param>
public sealed record RegionLink(string From, ForwardedRequest? Forwarded);

/// <summary>Where the pipeline keeps the link.</summary>
public static class RegionLinkFeature
{
    /// <returns>The link the request came by; null for a request that came from a client.</returns>
    public static RegionLink? RegionLink(this HttpContext context) => context.Features.Get<RegionLink>();
}
