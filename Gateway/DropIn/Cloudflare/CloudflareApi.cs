using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Json;

namespace NetDiscovery.Gateway.DropIn.Cloudflare;

/// <summary>
/// What Cloudflare's API has for TURN: minting and revoking credentials, and TURN keys (docs/reference/drop-in-apis.md). A TURN key is an API
/// key: its id is <c>SK…</c>, its API token <c>SK….secret</c>.
/// </summary>
public static class CloudflareApi
{
    /// <summary>Where minting begins.</summary>
    public const string MintingRoot = "/v1/turn/keys";

    /// <summary>Where the management of keys begins.</summary>
    public const string ManagementRoot = "/client/v4";

    /// <summary>Maps the routes.</summary>
    public static void Map(IEndpointRouteBuilder app)
    {
        CloudflareCredentials.Map(Group(app, MintingRoot));
        CloudflareKeys.Map(Group(app, ManagementRoot));
    }

    private static RouteGroupBuilder Group(IEndpointRouteBuilder app, string root) =>
        app.MapGroup(root).RequireAuthorization(Policies.Caller).AddEndpointFilter<RefuseInactiveCaller>().AddEndpointFilter<RefuseUnchecked>().ExcludeFromDescription();
}
