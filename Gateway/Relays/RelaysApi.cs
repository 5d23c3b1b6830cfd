using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Relays;

namespace NetDiscovery.Gateway.Relays;

/// <summary>Regions and relays: <c>/v1/regions</c>, <c>/v1/relays</c>.</summary>
public static class RelaysApi
{
    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/regions", RegionsAsync).WithTags("Relays").Produces<Page<RegionStatusResponse>>()
            .WithName("listRegions").WithSummary("List regions with their health and load");
        var relays = api.MapGroup("/relays").WithTags("Relays").RequireAuthorization(Policies.Operator);
        relays.MapGet("", ListAsync).InNamedRegion().Produces<Page<RelayResponse>>().Refuses(ProblemCodes.OperatorRequired)
            .WithName("listRelays").WithSummary("List relays with health, load and addresses").WithDescription("Relays seen within the last hour, of one region: ?region= names it, this gateway's when left out.");
        relays.MapGet("/{id}", GetAsync).InNamedRegion().Produces<RelayResponse>().Refuses(ProblemCodes.OperatorRequired, ProblemCodes.NotFound)
            .WithName("getRelay").WithSummary("Read a relay");
        relays.MapPost("/{id}/drain", DrainAsync).InNamedRegion().Accepts<DrainRequest>("application/json").Produces<RelayResponse>()
            .Refuses(ProblemCodes.ValidationFailed, ProblemCodes.OperatorRequired, ProblemCodes.NotFound, ProblemCodes.LimitReached)
            .WithName("drainRelay").WithSummary("Have a relay take no new allocations, or take them again")
            .WithDescription("The relay obeys with its next sign of life, half a second later; live allocations go on. Repeating it changes nothing.");
    }

    private static async Task<IResult> RegionsAsync(RegionSummaries summaries) => Results.Ok(new Page<RegionStatusResponse>(await summaries.AllAsync(), null));

    private static async Task<IResult> ListAsync(RelayDirectory directory, LocalRegion local) =>
        Results.Ok(new Page<RelayResponse>([.. (await directory.ListAsync(local.Name)).Select(RelayResponse.From)], null));

    private static async Task<IResult> GetAsync(string id, IGrainFactory grains) =>
        IsRelayId(id) && await grains.GetGrain<IRelayGrain>(GrainKeys.Relay(id)).GetAsync() is { } relay
            ? Results.Ok(RelayResponse.From(relay))
            : new Problem(ProblemCodes.NotFound);

    private static async Task<IResult> DrainAsync(string id, JsonBody<DrainRequest> body, IGrainFactory grains, RelayDirectory directory)
    {
        if (!IsRelayId(id) || await grains.GetGrain<IRelayGrain>(GrainKeys.Relay(id)).GetAsync() is not { } relay)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        if (!await grains.GetGrain<IRelayGrain>(GrainKeys.Relay(id)).CommandAsync(new SetDraining(body.Value.Draining)))
        {
            return new Problem(ProblemCodes.LimitReached, "The relay has taken no commands for long.");
        }

        directory.Forget(relay.Announcement.Region);
        return Results.Ok(RelayResponse.From(relay with { Draining = body.Value.Draining }));
    }

    private static bool IsRelayId(string id) => id.Length is > 0 and <= 64 && id.All(static character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-');
}
