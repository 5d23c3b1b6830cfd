using System.Text.Json.Serialization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary><c>/2010-04-01/Accounts.json</c>: the caller's account and its sub-accounts.</summary>
public static class TwilioAccounts
{
    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/Accounts.json", CreateAsync).InControlRegion();
        api.MapGet("/Accounts.json", ListAsync);
        api.MapGet("/Accounts/{sid}.json", GetAsync);
        api.MapPost("/Accounts/{sid}.json", UpdateAsync).InControlRegion();
    }

    private static async Task<IResult> CreateAsync(HttpContext http, TwilioForm form, RequestSeed seed, TenantMaker maker, TimeProvider time)
    {
        var name = form.Text("FriendlyName") ?? $"SubAccount Created at {time.GetUtcNow():yyyy-MM-dd HH:mm}";
        if (!TextRule.IsName(name))
        {
            return Problem.Invalid("FriendlyName", $"must be at most {TextRule.MaxLength} characters");
        }

        var made = await maker.MakeAsync(http.Caller(), name, null, seed);
        return made.Tenant is { } tenant ? TwilioJson.Answer(TwilioAccount.From(tenant, made.AuthToken.Text), StatusCodes.Status201Created) : made.Problem!;
    }

    private static async Task<IResult> ListAsync(HttpContext http, IGrainFactory grains)
    {
        var errors = new FieldErrors();
        var paging = TwilioPaging.Read(http.Request, errors);
        var (name, status) = (http.Request.Query["FriendlyName"].ToString(), http.Request.Query["Status"].ToString());
        if (status.Length > 0 && !TwilioAccount.TryStatus(status, out _))
        {
            errors.Add("Status", "must be active, suspended or closed");
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var own = http.Caller().Tenant;
        var accounts = own is null ? [] : new List<Tenant> { own };
        accounts.AddRange(await TwilioAccount.SubAccountsAsync(grains, own?.Id));
        var wanted = accounts.Where(account => (name.Length == 0 || account.Name == name) && (status.Length == 0 || TwilioAccount.StatusOf(account) == status));
        var page = paging.Cut([.. wanted]);
        return TwilioJson.Answer(paging.Answer("accounts", page.Select(account => TwilioAccount.From(account, null)), page.Total));
    }

    private static async Task<IResult> GetAsync(HttpContext http, string sid, TenantAccess access)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        return account.Problem ?? TwilioJson.Answer(TwilioAccount.From(account.Tenant!, null));
    }

    private static async Task<IResult> UpdateAsync(HttpContext http, string sid, TwilioForm form, TenantAccess access, TenantMaker maker)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null)
        {
            return account.Problem;
        }

        var errors = new FieldErrors();
        if (form.Text("FriendlyName") is { } name && name != account.Tenant!.Name)
        {
            errors.Add("FriendlyName", "of an account can't be changed");
        }

        if (form.Text("Status") is not { } status)
        {
            return errors.IsEmpty ? TwilioJson.Answer(TwilioAccount.From(account.Tenant!, null)) : Problem.Invalid(errors);
        }

        if (!TwilioAccount.TryStatus(status, out var wanted))
        {
            errors.Add("Status", "must be active, suspended or closed");
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var changed = await maker.SetStatusAsync(http.Caller(), account.Tenant!, wanted);
        return changed.Problem ?? TwilioJson.Answer(TwilioAccount.From(changed.Tenant!, null));
    }
}

/// <summary>An Account resource. The auth token is shown when the account is made, and never again: nobody keeps it.</summary>
public sealed record TwilioAccount(
    string Sid,
    string OwnerAccountSid,
    string FriendlyName,
    string Status,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? AuthToken,
    string DateCreated,
    string DateUpdated,
    string Uri,
    IReadOnlyDictionary<string, string> SubresourceUris)
{
    private const int SubAccountsAtOnce = 1_000;

    /// <summary>Writes a tenant this way.</summary>
    public static TwilioAccount From(Tenant tenant, string? authToken)
    {
        var (path, created) = ($"{TwilioApi.Root}/Accounts/{tenant.Id}", TwilioJson.Rfc2822(tenant.CreatedAt));
        return new TwilioAccount(
            tenant.Id.ToString(), (tenant.Parent ?? tenant.Id).ToString(), tenant.Name, StatusOf(tenant), "Full", authToken, created, created, $"{path}.json",
            new Dictionary<string, string> { ["tokens"] = $"{path}/Tokens.json", ["usage"] = $"{path}/Usage.json", ["keys"] = $"{path}/Keys.json" });
    }

    /// <returns>Every sub-account of <paramref name="parent"/>; for the operator, who has none, every tenant.</returns>
    public static async Task<List<Tenant>> SubAccountsAsync(IGrainFactory grains, Grains.Interfaces.TenantId? parent)
    {
        var found = new List<Tenant>();
        while (true)
        {
            var page = await grains.GetGrain<ITenantQueryGrain>(0).ListAsync(parent, found.Count == 0 ? null : found[^1].Id, SubAccountsAtOnce);
            found.AddRange(page);
            if (page.Length < SubAccountsAtOnce)
            {
                return found;
            }
        }
    }

    /// <returns>The status as this API names it.</returns>
    public static string StatusOf(Tenant tenant) => tenant.Status switch
    {
        TenantStatus.Active => "active",
        TenantStatus.Suspended => "suspended",
        _ => "closed",
    };

    /// <returns>False for anything but <c>active</c>, <c>suspended</c>, <c>closed</c>.</returns>
    public static bool TryStatus(string text, out TenantStatus status)
    {
        (status, var known) = text switch
        {
            "active" => (TenantStatus.Active, true),
            "suspended" => (TenantStatus.Suspended, true),
            "closed" => (TenantStatus.Closed, true),
            _ => (default, false),
        };
        return known;
    }

    /// <summary>Names the account only.</summary>
    public override string ToString() => $"TwilioAccount {{ Sid = {Sid} }}";
}
