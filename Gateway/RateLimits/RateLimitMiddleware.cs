using System.Globalization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;

namespace NetDiscovery.Gateway.RateLimits;

/// <summary>Refuses what a key sends beyond its rate, and tells every caller what is left of it (draft-ietf-httpapi-ratelimit-headers-10).</summary>
public sealed class RateLimitMiddleware(RequestDelegate next, KeyRateLimiter limiter)
{
    /// <summary>What is left: <c>"tokens";r=3999;t=1</c>, requests and the seconds until all are there again.</summary>
    public const string Header = "RateLimit";

    /// <summary>What there is: <c>"tokens";q=4000;w=2</c>.</summary>
    public const string PolicyHeader = "RateLimit-Policy";

    /// <summary>Runs the rest of the pipeline, or refuses. What another region passes on was counted by its gateway.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (context.RegionLink() is not null || context.Features.Get<Caller>() is not { } caller || limiter.Take(caller, context.GetEndpoint()?.Metadata.GetMetadata<NeededByCalls>() is not null) is not { } decision)
        {
            return next(context);
        }

        var headers = context.Response.Headers;
        headers[PolicyHeader] = decision.Rate.Policy;
        headers[Header] = string.Create(CultureInfo.InvariantCulture, $"\"{decision.Rate.Name}\";r={decision.Remaining};t={(long)Math.Ceiling(decision.FullIn.TotalSeconds)}");
        return decision.Wait is { } wait
            ? new Problem(ProblemCodes.RateLimited, $"The key's limit of '{decision.Rate.Name}' is {decision.Rate.Policy}.", retryAfter: wait).ExecuteAsync(context)
            : next(context);
    }
}

/// <summary>Marks a route that makes or ends what calls need, a token or a session, which counts apart from all other requests.</summary>
public sealed class NeededByCalls
{
    /// <summary>The mark.</summary>
    public static NeededByCalls Mark { get; } = new();
}
