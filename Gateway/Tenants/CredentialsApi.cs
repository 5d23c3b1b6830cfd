using System.Text;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>TURN credentials beside minted tokens: static ones, and the secret of the REST form.</summary>
public static class CredentialsApi
{
    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var tenant = api.MapGroup("/tenants/{id}").WithTags("Credentials");
        tenant.MapPost("/credentials", CreateAsync).InControlRegion().Accepts<CreateCredentialRequest>("application/json").Produces<CreatedCredentialResponse>(201)
            .Refuses(ProblemCodes.ValidationFailed, ProblemCodes.NotFound, ProblemCodes.ClosedIsFinal, ProblemCodes.LimitReached, ProblemCodes.IdempotencyKeyReused, ProblemCodes.UsernameTaken).AnswersOnce()
            .WithName("createCredential").WithSummary("Make a static TURN credential").WithDescription("For devices that can't fetch tokens. The password is shown only in this answer; the platform keeps the keys made of it.");
        tenant.MapGet("/credentials", ListAsync).Produces<Page<CredentialResponse>>().Refuses(ProblemCodes.NotFound)
            .WithName("listCredentials").WithSummary("List static TURN credentials").WithDescription("Oldest first, without passwords.");
        tenant.MapDelete("/credentials/{credentialId}", DeleteAsync).InControlRegion().Produces(204).Refuses(ProblemCodes.NotFound)
            .WithName("deleteCredential").WithSummary("Remove a static TURN credential").WithDescription("Its allocations end within a second.");
        tenant.MapPost("/shared-secrets/rotate", RotateAsync).InControlRegion().Produces<SharedSecretResponse>().Refuses(ProblemCodes.NotFound, ProblemCodes.ClosedIsFinal).AnswersOnce()
            .WithName("rotateSharedSecret").WithSummary("Make a secret for REST-form credentials")
            .WithDescription("Username: expiry (Unix seconds), colon, tenant id, and if wanted a colon and a user. Password: Base64 of HMAC-SHA1 over the username. The secret before stays good for 48 hours.");
    }

    private static async Task<IResult> CreateAsync(
        HttpContext http, string id, JsonBody<CreateCredentialRequest> body, RequestSeed seed, TenantAccess access, StaticCredentials credentials)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var made = await credentials.MakeAsync(tenant.Id, body.Value.Username!, body.Value.Password, body.Value.Label, seed);
        if (made.Credential is null)
        {
            return made.Problem!;
        }

        var shown = CredentialResponse.From(made.Credential);
        return Results.Created($"/v1/tenants/{tenant.Id}/credentials/{shown.Id}", new CreatedCredentialResponse(shown.Id, shown.Username, shown.Label, shown.CreatedAt, made.Password));
    }

    private static async Task<IResult> ListAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var credentials = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id)).ListCredentialsAsync();
        return Results.Ok(new Page<CredentialResponse>(credentials.Select(CredentialResponse.From).ToList(), null));
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string id, string credentialId, TenantAccess access, IGrainFactory grains)
    {
        if (!TokenId.TryParse(credentialId, out var credential) || await access.FindAsync(http.Caller(), id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        return await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id)).RemoveCredentialAsync(credential) ? Results.NoContent() : new Problem(ProblemCodes.NotFound);
    }

    private static async Task<IResult> RotateAsync(HttpContext http, string id, RequestSeed seed, TenantAccess access, IGrainFactory grains)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var secret = seed.Secret("shared-secret").Text;
        var version = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id)).RotateSharedSecretAsync(Encoding.ASCII.GetBytes(secret));
        return version == 0 ? new Problem(ProblemCodes.ClosedIsFinal) : Results.Ok(new SharedSecretResponse(version, secret, $"<expiry>:{tenant.Id}:<user>"));
    }
}
