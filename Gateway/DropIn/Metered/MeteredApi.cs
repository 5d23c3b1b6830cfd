using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Json;

namespace NetDiscovery.Gateway.DropIn.Metered;

/// <summary>
/// What Metered's TURN API has for credentials and their usage (docs/reference/drop-in-apis.md). Its keys are API keys, <c>SK….secret</c>; the
/// <c>apiKey</c> of a single credential is a <see cref="MeteredCredentialKey"/>.
/// </summary>
public static class MeteredApi
{
    private const string First = "/api/v1/turn";
    private const string Second = "/api/v2/turn";

    /// <returns>True for paths of this API.</returns>
    public static bool Owns(PathString path) => path.StartsWithSegments(First, StringComparison.Ordinal) || path.StartsWithSegments(Second, StringComparison.Ordinal);

    /// <summary>Maps the routes.</summary>
    public static void Map(IEndpointRouteBuilder app)
    {
        // Whoever has the key of a single credential is no caller that authentication knows.
        MeteredIceServers.Map(app.MapGroup(First).AllowAnonymous().ExcludeFromDescription());
        var (first, second) = (Group(app, First), Group(app, Second));
        MeteredCredentials.Map(first, second);
        MeteredUsage.Map(first, second);
        MeteredProjects.Map(second);
    }

    private static RouteGroupBuilder Group(IEndpointRouteBuilder app, string root) =>
        app.MapGroup(root).RequireAuthorization(Policies.Caller).AddEndpointFilter<RefuseInactiveCaller>().AddEndpointFilter<RefuseUnchecked>().ExcludeFromDescription();
}
