using NetDiscovery.Gateway.DropIn.Cloudflare;
using NetDiscovery.Gateway.DropIn.Metered;
using NetDiscovery.Gateway.DropIn.Twilio;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.DropIn;

/// <summary>Refusals under the paths of a drop-in API, in the shape its clients read. Goes by the path, because much is refused before a route is chosen.</summary>
public static class DropInErrors
{
    /// <summary>Finds how the API of a request's path writes refusals.</summary>
    /// <returns>Null when the path belongs to no drop-in API.</returns>
    public static Func<HttpContext, ProblemBody, Task>? WriterFor(PathString path) =>
        path.StartsWithSegments(TwilioApi.Root, StringComparison.Ordinal) ? TwilioError.WriteAsync
        : path.StartsWithSegments(CloudflareApi.MintingRoot, StringComparison.Ordinal) || path.StartsWithSegments(CloudflareApi.ManagementRoot, StringComparison.Ordinal) ? CloudflareEnvelope.WriteAsync
        : MeteredApi.Owns(path) ? MeteredError.WriteAsync
        : null;
}
