using System.Text.Json.Serialization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary><c>/2010-04-01/Accounts/{sid}/Keys.json</c>: API keys.</summary>
public static class TwilioKeys
{
    private const string DefaultName = "API key";

    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/Accounts/{sid}/Keys.json", CreateAsync).InControlRegion();
        api.MapGet("/Accounts/{sid}/Keys.json", ListAsync);
        api.MapGet("/Accounts/{sid}/Keys/{key}.json", GetAsync);
        api.MapPost("/Accounts/{sid}/Keys/{key}.json", UpdateAsync).InControlRegion();
        api.MapDelete("/Accounts/{sid}/Keys/{key}.json", DeleteAsync).InControlRegion();
    }

    private static async Task<IResult> CreateAsync(HttpContext http, string sid, TwilioForm form, RequestSeed seed, TenantAccess access, TenantKeys keys)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null)
        {
            return account.Problem;
        }

        var name = form.Text("FriendlyName") ?? DefaultName;
        if (!TextRule.IsName(name))
        {
            return Problem.Invalid("FriendlyName", $"must be at most {TextRule.MaxLength} characters");
        }

        var made = await keys.MakeAsync(account.Tenant!.Id, name, seed);
        return made.Key is { } key ? TwilioJson.Answer(TwilioKey.From(key, made.Secret.Text), StatusCodes.Status201Created) : made.Problem!;
    }

    private static async Task<IResult> ListAsync(HttpContext http, string sid, TenantAccess access, IGrainFactory grains)
    {
        var errors = new FieldErrors();
        var paging = TwilioPaging.Read(http.Request, errors);
        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null || !errors.IsEmpty)
        {
            return account.Problem ?? Problem.Invalid(errors);
        }

        var page = paging.Cut(await KeysOfAsync(grains, account.Tenant!));
        return TwilioJson.Answer(paging.Answer("keys", page.Select(key => TwilioKey.From(key, null)), page.Total));
    }

    private static async Task<IResult> GetAsync(HttpContext http, string sid, string key, TenantAccess access, IGrainFactory grains)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null)
        {
            return account.Problem;
        }

        var known = (await KeysOfAsync(grains, account.Tenant!)).Find(one => one.Id.ToString() == key);
        return known is null ? new Problem(ProblemCodes.NotFound) : TwilioJson.Answer(TwilioKey.From(known, null));
    }

    private static async Task<IResult> UpdateAsync(HttpContext http, string sid, string key, TwilioForm form, TenantAccess access, TenantKeys keys, IGrainFactory grains)
    {
        if (form.Text("FriendlyName") is not { } name)
        {
            return await GetAsync(http, sid, key, access, grains);
        }

        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null || !TextRule.IsName(name))
        {
            return account.Problem ?? Problem.Invalid("FriendlyName", $"must be at most {TextRule.MaxLength} characters");
        }

        return await keys.RenameAsync(account.Tenant!.Id, key, name) is { } renamed ? TwilioJson.Answer(TwilioKey.From(renamed, null)) : new Problem(ProblemCodes.NotFound);
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string sid, string key, TenantAccess access, TenantKeys keys)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        return account.Problem ?? (await keys.RemoveAsync(account.Tenant!.Id, key) ? Results.NoContent() : new Problem(ProblemCodes.NotFound));
    }

    private static async Task<List<ApiKey>> KeysOfAsync(IGrainFactory grains, Tenant account) =>
        [.. await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(account.Id)).ListKeysAsync()];
}

/// <summary>A Key resource.</summary>
public sealed record TwilioKey(
    string Sid, string FriendlyName, string DateCreated, string DateUpdated, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret)
{
    /// <summary>Writes a key this way.</summary>
    public static TwilioKey From(ApiKey key, string? secret) =>
        new(key.Id.ToString(), key.Name, TwilioJson.Rfc2822(key.CreatedAt), TwilioJson.Rfc2822(key.CreatedAt), secret);

    /// <summary>Names the key only.</summary>
    public override string ToString() => $"TwilioKey {{ Sid = {Sid} }}";
}
