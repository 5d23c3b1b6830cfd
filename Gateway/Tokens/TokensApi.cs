using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tokens;

/// <summary>TURN credentials: <c>/v1/tokens</c>.</summary>
public static class TokensApi
{
    private const string TenantParameter = "Acts for this tenant: a sub-account, or any for the operator.";

    /// <summary>No token lives longer than this, so a revocation need not either.</summary>
    internal static readonly TimeSpan LongestLife = TimeSpan.FromHours(48) + TimeSpan.FromMinutes(5);

    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var tokens = api.MapGroup("/tokens").WithTags("Tokens");
        tokens.MapPost("", CreateAsync).ChoosesRegion().Accepts<CreateTokenRequest>("application/json").Produces<TokenResponse>(201)
            .Refuses(ProblemCodes.ValidationFailed, ProblemCodes.TtlOutOfRange, ProblemCodes.TenantSuspended, ProblemCodes.RegionUnavailable, ProblemCodes.NoRelay).Idempotent().NeededByCalls()
            .WithName("createToken").WithSummary("Mint a token")
            .WithDescription("Username, password and ICE servers for one client. A repetition with the same Idempotency-Key answers with the same token id and counts once; its lifetime starts anew.");
        tokens.MapDelete("/{id}", RevokeAsync).InControlRegion().NeededByCalls().Produces(204).Refuses(ProblemCodes.NotFound, ProblemCodes.LimitReached)
            .WithName("revokeToken").WithSummary("Revoke a token").WithDescription("Relays refuse it and end its allocations at once. A token that has expired or never was answers the same.");
        tokens.MapDelete("", RevokeLabelAsync).InControlRegion().Produces(204).Refuses(ProblemCodes.ValidationFailed, ProblemCodes.LimitReached)
            .WithName("revokeLabel").WithSummary("Revoke every token of a label").WithDescription("Counts for tokens minted up to now; tokens minted later with the same label are good.");
    }

    private static async Task<IResult> CreateAsync(
        HttpContext http, JsonBody<CreateTokenRequest> body, RequestSeed seed, TenantAccess access, TokenMint mint, [FromQuery, Description(TenantParameter)] string? tenant = null)
    {
        var choice = await access.ChooseAsync(http.Caller(), tenant);
        if (choice.Problem is not null)
        {
            return choice.Problem;
        }

        var minted = await mint.MintAsync(choice.Tenant!.Id, body.Value, seed, RequestOrigin.Of(http));
        return minted.Elsewhere is { } elsewhere ? elsewhere : minted.Token is { } token ? JsonAnswer.Of(token, StatusCodes.Status201Created, $"/v1/tokens/{token.Id}") : minted.Problem!;
    }

    private static async Task<IResult> RevokeAsync(
        HttpContext http, string id, TenantAccess access, IGrainFactory grains, TenantSnapshots snapshots, TimeProvider time, [FromQuery, Description(TenantParameter)] string? tenant = null)
    {
        var choice = await access.ChooseAsync(http.Caller(), tenant);
        if (choice.Problem is not null)
        {
            return choice.Problem;
        }

        if (!TokenId.TryParse(id, out var token))
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var change = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(choice.Tenant!.Id)).RevokeTokenAsync(token, time.GetUtcNow() + LongestLife);
        snapshots.Forget(choice.Tenant.Id);
        return Answer(change);
    }

    private static async Task<IResult> RevokeLabelAsync(
        HttpContext http, TenantAccess access, IGrainFactory grains, TenantSnapshots snapshots, [FromQuery, Description("The label, 1 to 64 bytes of UTF-8.")] string? label = null, [FromQuery, Description(TenantParameter)] string? tenant = null)
    {
        var choice = await access.ChooseAsync(http.Caller(), tenant);
        if (choice.Problem is not null)
        {
            return choice.Problem;
        }

        if (label is null || !TextRule.IsLabel(label))
        {
            return Problem.Invalid("label", $"must be given: 1 to {TextRule.MaxLength} bytes of UTF-8");
        }

        var change = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(choice.Tenant!.Id)).RevokeLabelAsync(label);
        snapshots.Forget(choice.Tenant.Id);
        return Answer(change);
    }

    private static IResult Answer(TenantChange change) => change == TenantChange.Done ? Results.NoContent() : TenantAnswers.Refusal(change);
}
