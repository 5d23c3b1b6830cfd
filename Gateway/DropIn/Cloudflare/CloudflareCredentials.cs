using System.Text;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Tokens;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.DropIn.Cloudflare;

/// <summary><c>/v1/turn/keys/{keyId}/credentials/…</c>, with the TURN key's API token as bearer.</summary>
public static class CloudflareCredentials
{
    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/{keyId}/credentials/generate-ice-servers", static (HttpContext http, string keyId, LooseBody body, RequestSeed seed, TokenMint mint) =>
            GenerateAsync(http, keyId, body, seed, mint, static servers => servers)).ChoosesRegion().NeededByCalls();

        // The older form: one server, with all URIs.
        api.MapPost("/{keyId}/credentials/generate", static (HttpContext http, string keyId, LooseBody body, RequestSeed seed, TokenMint mint) =>
            GenerateAsync(http, keyId, body, seed, mint, static servers => new IceServer([.. servers.SelectMany(static server => server.Urls)], servers[^1].Username, servers[^1].Credential))).ChoosesRegion().NeededByCalls();
        api.MapPost("/{keyId}/credentials/{username}/revoke", RevokeAsync).InControlRegion().NeededByCalls();
    }

    private static async Task<IResult> GenerateAsync(
        HttpContext http, string keyId, LooseBody body, RequestSeed seed, TokenMint mint, Func<IReadOnlyList<IceServer>, object> form)
    {
        if (!TryOwner(http, keyId, out var tenant, out var refusal))
        {
            return refusal;
        }

        var errors = new FieldErrors();
        var (ttl, label) = (body.Integer("ttl", errors), body.Text("customIdentifier", errors));
        if (label is not null && !TextRule.IsLabel(label))
        {
            errors.Add("customIdentifier", $"must be 1 to {TextRule.MaxLength} bytes of UTF-8 without control characters");
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var minted = await mint.MintAsync(tenant, new CreateTokenRequest { TtlSeconds = ttl, Label = label }, seed, RequestOrigin.Of(http));
        return minted.Elsewhere is { } elsewhere ? elsewhere : minted.Token is { } token ? JsonAnswer.Of(new { iceServers = form(token.IceServers) }, StatusCodes.Status201Created) : minted.Problem!;
    }

    private static async Task<IResult> RevokeAsync(HttpContext http, string keyId, string username, IGrainFactory grains, TenantSnapshots snapshots, TimeProvider time)
    {
        if (!TryOwner(http, keyId, out var tenant, out var refusal))
        {
            return refusal;
        }

        // A username says which token it is; only relays care whether it is genuine.
        if (!TurnCredential.TryDecode(Encoding.UTF8.GetBytes(username), out var claims) || claims.Tenant != tenant)
        {
            return new Problem(ProblemCodes.NotFound, "No credential of this TURN key has this username.");
        }

        var change = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant)).RevokeTokenAsync(claims.Token, time.GetUtcNow() + TokensApi.LongestLife);
        snapshots.Forget(tenant);
        return change == TenantChange.Done ? Results.NoContent() : TenantAnswers.Refusal(change);
    }

    // The bearer has proven a key already: it must be the one of the path.
    private static bool TryOwner(HttpContext http, string keyId, out TenantId tenant, out Problem refusal)
    {
        var caller = http.Caller();
        refusal = new Problem(ProblemCodes.Unauthenticated, "The bearer must be the API token of the TURN key in the path.");
        tenant = caller.Tenant?.Id ?? default;
        return caller.Tenant is not null && PresentedCredential.TryRead(http.Request.Headers.Authorization, out var presented) && presented.Key is { } key && key.ToString() == keyId;
    }
}
