using System.Globalization;
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

namespace NetDiscovery.Gateway.DropIn.Metered;

/// <summary>
/// Credentials as Metered makes them: one that expires is a token, one that does not a static credential. Its label tells its usage apart; one
/// without a label gets a name of its own as label.
/// </summary>
public static class MeteredCredentials
{
    private const int PageSize = 50;

    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder first, RouteGroupBuilder second)
    {
        // Static credentials are written there, and a token is good in every region.
        first.MapPost("/credential", CreateAsync).InControlRegion().NeededByCalls();
        first.MapPost("/credential/disable", DisableAsync).InControlRegion();
        first.MapPost("/credential/enable", EnableAsync).InControlRegion();
        second.MapGet("/credentials", ListAsync);
    }

    private static async Task<IResult> CreateAsync(HttpContext http, LooseBody body, RequestSeed seed, TokenMint mint, StaticCredentials credentials) =>
        TryTenant(http, out var tenant, out var refusal) ? await MakeAsync(tenant, body, seed, mint, credentials) : refusal;

    /// <summary>Makes a credential of <paramref name="tenant"/>, as the body asks for it.</summary>
    internal static async Task<IResult> MakeAsync(TenantId tenant, LooseBody body, RequestSeed seed, TokenMint mint, StaticCredentials credentials)
    {
        var errors = new FieldErrors();
        var (seconds, label) = (body.Integer("expiryInSeconds", errors), body.Text("label", errors));
        if (seconds < 1)
        {
            errors.AddUnlessKnown("expiryInSeconds", "please enter a positive integer value for expiryInSeconds");
        }

        if (label is not null && !TextRule.IsLabel(label))
        {
            errors.Add("label", $"must be 1 to {TextRule.MaxLength} bytes of UTF-8 without control characters");
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"m-{seed.Id("metered", Guid.NewGuid):N}");
        if (seconds is null)
        {
            var made = await credentials.MakeAsync(tenant, name, null, label ?? name, seed);
            return made.Credential is { } credential ? MeteredJson.Answer(MeteredCredential.New(credential.Username, made.Password, null, credential.Label)) : made.Problem!;
        }

        var minted = await mint.MintAsync(tenant, new CreateTokenRequest { TtlSeconds = seconds, Label = label ?? name }, seed);
        return minted.Token is { } token ? MeteredJson.Answer(MeteredCredential.New(token.Username, token.Credential, token.TtlSeconds, label ?? name)) : minted.Problem!;
    }

    private static async Task<IResult> DisableAsync(HttpContext http, LooseBody body, IGrainFactory grains, TenantSnapshots snapshots, TimeProvider time)
    {
        if (!TryTenant(http, out var tenant, out var refusal) || !TryUsername(body, out var username, out refusal))
        {
            return refusal;
        }

        var grain = grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant));
        if (TurnCredential.TryDecode(Encoding.UTF8.GetBytes(username), out var claims) && claims.Tenant == tenant)
        {
            var change = await grain.RevokeTokenAsync(claims.Token, time.GetUtcNow() + TokensApi.LongestLife);
            snapshots.Forget(tenant);
            return change == TenantChange.Done ? MeteredJson.Answer(new MeteredMessage("Credential disabled successfully")) : TenantAnswers.Refusal(change);
        }

        var known = (await grain.ListCredentialsAsync()).FirstOrDefault(credential => credential.Username == username);
        if (known is null || !await grain.RemoveCredentialAsync(known.Id))
        {
            return new Problem(ProblemCodes.Unauthenticated, "Credential not found");
        }

        snapshots.Forget(tenant);
        return MeteredJson.Answer(new MeteredMessage("Credential disabled successfully"));
    }

    private static async Task<IResult> EnableAsync(HttpContext http, LooseBody body, IGrainFactory grains)
    {
        if (!TryTenant(http, out var tenant, out var refusal) || !TryUsername(body, out var username, out refusal))
        {
            return refusal;
        }

        var snapshot = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant)).GetSnapshotAsync(null);
        if (TurnCredential.TryDecode(Encoding.UTF8.GetBytes(username), out var claims) && claims.Tenant == tenant)
        {
            return Problem.Invalid("username", snapshot?.RevokedTokens.Contains(claims.Token) == true ? "Credential was disabled, which is final here: make another one" : "Credential is already enabled");
        }

        return snapshot?.Credentials.Any(credential => credential.Username == username) == true
            ? Problem.Invalid("username", "Credential is already enabled")
            : new Problem(ProblemCodes.Unauthenticated, "Credential not found");
    }

    // Tokens are kept nowhere, and passwords neither: the list has what never expires, without them.
    private static async Task<IResult> ListAsync(HttpContext http, IGrainFactory grains)
    {
        if (!TryTenant(http, out var tenant, out var refusal))
        {
            return refusal;
        }

        var (query, errors) = (http.Request.Query, new FieldErrors());
        var page = MeteredPage.Number(query, errors);
        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var label = query["label"].ToString();
        var all = (await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant)).ListCredentialsAsync()).Where(credential => label.Length == 0 || credential.Label == label).ToList();
        var size = query["all"].ToString() == "true" ? Math.Max(1, all.Count) : PageSize;
        var pages = Math.Max(1, (all.Count + size - 1) / size);
        return MeteredJson.Answer(new
        {
            data = all.Skip((page - 1) * size).Take(size).Select(static credential => new MeteredCredential(credential.Username, null, null, credential.Label, null, false)),
            pagination = new Dictionary<string, int?>
            {
                ["total_records"] = all.Count, ["current_page"] = page, ["total_pages"] = pages, ["next_page"] = page < pages ? page + 1 : null, ["prev_page"] = page > 1 ? page - 1 : null,
            },
        });
    }

    private static bool TryUsername(LooseBody body, out string username, out Problem refusal)
    {
        var errors = new FieldErrors();
        username = body.Text("username", errors) ?? "";
        if (username.Length == 0)
        {
            errors.AddUnlessKnown("username", "is required");
        }

        refusal = Problem.Invalid(errors);
        return errors.IsEmpty;
    }

    /// <summary>The caller's tenant: the operator has no credentials of its own.</summary>
    internal static bool TryTenant(HttpContext http, out TenantId tenant, out Problem refusal)
    {
        refusal = new Problem(ProblemCodes.Unauthenticated, "The key must be an API key of a tenant");
        tenant = http.Caller().Tenant?.Id ?? default;
        return http.Caller().Tenant is not null;
    }
}

/// <summary>A credential.</summary>
/// <param name="Username">TURN username.</param>
/// <param name="Password">TURN password, in the answer that made it; else null.</param>
/// <param name="ExpiryInSeconds">Its lifetime; null for ever.</param>
/// <param name="Label">Tells its usage apart.</param>
/// <param name="ApiKey">A page fetches the credential's ICE servers with it; only in the answer that made it.</param>
/// <param name="Expired">Never true: what has expired is forgotten.</param>
public sealed record MeteredCredential(string Username, string? Password, int? ExpiryInSeconds, string Label, string? ApiKey, bool Expired)
{
    /// <summary>One just made.</summary>
    public static MeteredCredential New(string username, string password, int? seconds, string label) =>
        new(username, password, seconds, label, new MeteredCredentialKey(username, password).ToText(), false);

    /// <summary>Names it only.</summary>
    public override string ToString() => $"MeteredCredential {{ Label = {Label} }}";
}

/// <summary>An answer in words.</summary>
public sealed record MeteredMessage(string Message);
