using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions;

/// <summary>What regions ask of each other: <c>/regions/v1</c>. Only <see cref="LinkMiddleware"/> lets requests through to here.</summary>
public static class LinksApi
{
    /// <summary>Maps the routes.</summary>
    public static void Map(IEndpointRouteBuilder app)
    {
        var links = app.MapGroup(RegionLinks.Prefix).AllowAnonymous().ExcludeFromDescription();
        links.MapPost("/status", StatusAsync);
    }

    private static async Task<IResult> StatusAsync(RegionSummaries summaries) => Results.Ok(await summaries.LocalAsync());
}
