using System.Buffers.Text;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>API keys and signing keys of a tenant.</summary>
public static class KeysApi
{
    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var tenant = api.MapGroup("/tenants/{id}").WithTags("Keys");
        tenant.MapPost("/keys", CreateAsync).InControlRegion().Accepts<CreateKeyRequest>("application/json").Produces<CreatedKeyResponse>(201)
            .Refuses(ProblemCodes.ValidationFailed, ProblemCodes.NotFound, ProblemCodes.ClosedIsFinal, ProblemCodes.LimitReached, ProblemCodes.IdempotencyKeyReused).AnswersOnce()
            .WithName("createKey").WithSummary("Make an API key").WithDescription("The secret is shown only in this answer.");
        tenant.MapGet("/keys", ListAsync).Produces<Page<KeyResponse>>().Refuses(ProblemCodes.NotFound)
            .WithName("listKeys").WithSummary("List API keys").WithDescription("Oldest first, without secrets.");
        tenant.MapDelete("/keys/{keyId}", DeleteAsync).InControlRegion().Produces(204).Refuses(ProblemCodes.NotFound)
            .WithName("deleteKey").WithSummary("Remove an API key").WithDescription("It authenticates nothing any more within two seconds.");
        tenant.MapPost("/signing-keys/rotate", RotateAsync).InControlRegion().Produces<SigningKeyResponse>().Refuses(ProblemCodes.NotFound, ProblemCodes.ClosedIsFinal)
            .WithName("rotateSigningKey").WithSummary("Make a new signing key")
            .WithDescription("Tokens minted from now on are signed with it; tokens minted before stay good until they expire. Repeating the request makes another key, which harms nothing.");
        tenant.MapPost("/callback-secrets/rotate", RotateCallbackSecretAsync).InControlRegion().Produces<CallbackSecretResponse>().Refuses(ProblemCodes.NotFound, ProblemCodes.ClosedIsFinal).AnswersOnce()
            .WithName("rotateCallbackSecret").WithSummary("Make a secret that signs callbacks")
            .WithDescription("In the form that Standard Webhooks' libraries take. Shown only in this answer; the secret before signs beside it for 48 hours.");
    }

    private static async Task<IResult> CreateAsync(HttpContext http, string id, JsonBody<CreateKeyRequest> body, RequestSeed seed, TenantAccess access, TenantKeys keys)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var made = await keys.MakeAsync(tenant.Id, body.Value.Name!, seed);
        return made.Key is { } key
            ? Results.Created($"/v1/tenants/{tenant.Id}/keys/{key.Id}", new CreatedKeyResponse(key.Id.ToString(), key.Name, key.CreatedAt, made.Secret.Text))
            : made.Problem!;
    }

    private static async Task<IResult> ListAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var keys = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id)).ListKeysAsync();
        return Results.Ok(new Page<KeyResponse>(keys.Select(KeyResponse.From).ToList(), null));
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string id, string keyId, TenantAccess access, TenantKeys keys) =>
        await access.FindAsync(http.Caller(), id) is { } tenant && await keys.RemoveAsync(tenant.Id, keyId) ? Results.NoContent() : new Problem(ProblemCodes.NotFound);

    private static async Task<IResult> RotateCallbackSecretAsync(HttpContext http, string id, RequestSeed seed, TenantAccess access, IGrainFactory grains)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var secret = Base64Url.DecodeFromChars(seed.Secret("callback-secret").Text);
        var version = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id)).RotateCallbackSecretAsync(secret);
        return version == 0 ? new Problem(ProblemCodes.ClosedIsFinal) : Results.Ok(new CallbackSecretResponse(version, $"whsec_{Convert.ToBase64String(secret)}"));
    }

    private static async Task<IResult> RotateAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains, TenantSnapshots snapshots)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var version = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id)).RotateSigningKeyAsync();
        snapshots.Forget(tenant.Id);
        return version == 0 ? new Problem(ProblemCodes.ClosedIsFinal) : Results.Ok(new SigningKeyResponse(version));
    }
}
