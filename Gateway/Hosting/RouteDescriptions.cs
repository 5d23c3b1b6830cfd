using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>What a route tells the API description about itself.</summary>
public static class RouteDescriptions
{
    /// <summary>The route may answer with these problems, beside those that every route has.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params ProblemCode[] codes)
    {
        foreach (var status in codes.Select(static code => code.Status).Distinct())
        {
            route.Produces<ProblemBody>(status, "application/problem+json");
        }

        return route.WithMetadata(new RefusalCodes(codes));
    }

    /// <summary>The route honours <see cref="RequestSeed.Header"/>.</summary>
    public static RouteHandlerBuilder Idempotent(this RouteHandlerBuilder route) => route.WithMetadata(new HonoursIdempotencyKey());

    /// <summary>As <see cref="Idempotent"/>; the answer is kept, and repetitions get that one.</summary>
    public static RouteHandlerBuilder AnswersOnce(this RouteHandlerBuilder route) => route.Idempotent().AddEndpointFilter<AnswerOnce>();

    /// <summary>The route makes or ends what calls need: its requests have a rate of their own.</summary>
    public static RouteHandlerBuilder NeededByCalls(this RouteHandlerBuilder route) => route.WithMetadata(RateLimits.NeededByCalls.Mark);
}

/// <summary>Problems that a route may answer with.</summary>
public sealed record RefusalCodes(IReadOnlyList<ProblemCode> Codes);

/// <summary>Marks a route that honours the Idempotency-Key header.</summary>
public sealed record HonoursIdempotencyKey;
