using System.Text.Json.Serialization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.DropIn.Cloudflare;

/// <summary><c>/client/v4/accounts/{account}/calls/turn_keys</c>: TURN keys of an account, which is a tenant.</summary>
public static class CloudflareKeys
{
    private const string Keys = "/accounts/{account}/calls/turn_keys";

    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost(Keys, CreateAsync).InControlRegion();
        api.MapGet(Keys, ListAsync);
        api.MapGet(Keys + "/{keyId}", GetAsync);
        api.MapPut(Keys + "/{keyId}", UpdateAsync).InControlRegion();
        api.MapDelete(Keys + "/{keyId}", DeleteAsync).InControlRegion();
    }

    private static async Task<IResult> CreateAsync(HttpContext http, string account, LooseBody body, RequestSeed seed, TenantAccess access, TenantKeys keys)
    {
        if (await access.FindAsync(http.Caller(), account) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        if (!TryName(body, out var name, out var refusal))
        {
            return refusal;
        }

        var made = await keys.MakeAsync(tenant.Id, name, seed);
        return made.Key is { } key ? CloudflareEnvelope.Answer(CloudflareKey.From(key, $"{key.Id}.{made.Secret.Text}"), StatusCodes.Status201Created) : made.Problem!;
    }

    private static async Task<IResult> ListAsync(HttpContext http, string account, TenantAccess access, IGrainFactory grains) =>
        await access.FindAsync(http.Caller(), account) is { } tenant
            ? CloudflareEnvelope.Answer((await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id)).ListKeysAsync()).Select(static key => CloudflareKey.From(key, null)))
            : new Problem(ProblemCodes.NotFound);

    private static async Task<IResult> GetAsync(HttpContext http, string account, string keyId, TenantAccess access, IGrainFactory grains) =>
        await FindAsync(http, account, keyId, access, grains) is { Key: { } key } ? CloudflareEnvelope.Answer(CloudflareKey.From(key, null)) : new Problem(ProblemCodes.NotFound);

    private static async Task<IResult> UpdateAsync(HttpContext http, string account, string keyId, LooseBody body, TenantAccess access, TenantKeys keys)
    {
        if (await access.FindAsync(http.Caller(), account) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        return !TryName(body, out var name, out var refusal) ? refusal
            : await keys.RenameAsync(tenant.Id, keyId, name) is { } key ? CloudflareEnvelope.Answer(CloudflareKey.From(key, null))
            : new Problem(ProblemCodes.NotFound);
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string account, string keyId, TenantAccess access, IGrainFactory grains, TenantKeys keys) =>
        await FindAsync(http, account, keyId, access, grains) is { Key: { } key, Tenant: { } tenant } && await keys.RemoveAsync(tenant.Id, keyId)
            ? CloudflareEnvelope.Answer(CloudflareKey.From(key, null))
            : new Problem(ProblemCodes.NotFound);

    private static bool TryName(LooseBody body, out string name, out Problem refusal)
    {
        var errors = new FieldErrors();
        name = body.Text("name", errors) ?? "";
        if (!TextRule.IsName(name))
        {
            errors.AddUnlessKnown("name", $"must be 1 to {TextRule.MaxLength} characters");
        }

        refusal = Problem.Invalid(errors);
        return errors.IsEmpty;
    }

    private static async Task<(Tenant? Tenant, ApiKey? Key)> FindAsync(HttpContext http, string account, string keyId, TenantAccess access, IGrainFactory grains)
    {
        var tenant = await access.FindAsync(http.Caller(), account);
        var keys = tenant is null ? [] : await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id)).ListKeysAsync();
        return (tenant, keys.FirstOrDefault(key => key.Id.ToString() == keyId));
    }
}

/// <summary>A TURN key; its API token only in the answer that made it.</summary>
public sealed record CloudflareKey(
    string Uid, string Name, DateTimeOffset Created, DateTimeOffset Modified, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Key)
{
    /// <summary>Writes an API key this way.</summary>
    public static CloudflareKey From(ApiKey key, string? token) => new(key.Id.ToString(), key.Name, key.CreatedAt, key.CreatedAt, token);

    /// <summary>Names the key only.</summary>
    public override string ToString() => $"CloudflareKey {{ Uid = {Uid} }}";
}
