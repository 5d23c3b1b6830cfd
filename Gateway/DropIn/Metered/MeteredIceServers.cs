using System.Text.Json.Serialization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tokens;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.DropIn.Metered;

/// <summary><c>GET /api/v1/turn/credentials</c>: a bare array of ICE servers, one URI each.</summary>
public static class MeteredIceServers
{
    /// <summary>Maps the route.</summary>
    public static void Map(RouteGroupBuilder api) => api.MapGet("/credentials", GetAsync).ChoosesRegion().NeededByCalls();

    private static async Task<IResult> GetAsync(HttpContext http, TokenMint mint, MeteredCredentialKeys keys, RegionDirectory regions)
    {
        if (http.Features.Get<Caller>() is { Tenant: { } tenant })
        {
            // Their names of regions say nothing here; a name of ours is obeyed.
            var named = http.Request.Query["region"].ToString();
            var minted = await mint.MintAsync(tenant.Id, new CreateTokenRequest { Region = regions.Current.All.Contains(named) ? named : null }, RequestSeed.Random, RequestOrigin.Of(http));
            return minted.Elsewhere is { } elsewhere ? elsewhere : minted.Token is { } token ? Answer(token.IceServers) : minted.Problem!;
        }

        if (http.Features.Get<KeyInAddress>() is { IsAccepted: true } given && MeteredCredentialKey.TryRead(given.Key, out var key))
        {
            var (servers, problem) = await keys.FindAsync(key, http);
            return servers is null ? problem! : Answer(servers);
        }

        return new Problem(ProblemCodes.Unauthenticated);
    }

    private static IResult Answer(IReadOnlyList<IceServer> servers) => MeteredJson.Answer(
        from server in servers from uri in server.Urls select new MeteredIceServer(uri, server.Username, server.Credential));
}

/// <summary>One ICE server.</summary>
public sealed record MeteredIceServer(
    string Urls,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Username,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Credential)
{
    /// <summary>Names the server only: the password must not reach a log by way of string formatting.</summary>
    public override string ToString() => $"MeteredIceServer {{ Urls = {Urls} }}";
}
