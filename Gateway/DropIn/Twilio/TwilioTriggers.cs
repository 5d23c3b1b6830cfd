using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary><c>/2010-04-01/Accounts/{sid}/Usage/Triggers.json</c>: calls of the account's servers when usage reaches a value.</summary>
public static class TwilioTriggers
{
    /// <summary>Maps the routes. Triggers are kept and compared in the control region, so reading them goes there too.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        api.MapPost("/Accounts/{sid}/Usage/Triggers.json", CreateAsync).InControlRegion();
        api.MapGet("/Accounts/{sid}/Usage/Triggers.json", ListAsync).InControlRegion();
        api.MapGet("/Accounts/{sid}/Usage/Triggers/{trigger}.json", GetAsync).InControlRegion();
        api.MapPost("/Accounts/{sid}/Usage/Triggers/{trigger}.json", UpdateAsync).InControlRegion();
        api.MapDelete("/Accounts/{sid}/Usage/Triggers/{trigger}.json", DeleteAsync).InControlRegion();
    }

    private static async Task<IResult> CreateAsync(HttpContext http, string sid, TwilioForm form, RequestSeed seed, TenantAccess access, IGrainFactory grains)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null)
        {
            return account.Problem;
        }

        var errors = new FieldErrors();
        var request = TwilioTriggerForm.ReadNew(form, new UsageTriggerId(seed.Id("usage-trigger", static () => UsageTriggerId.New().Value)), errors);
        if (request is null)
        {
            return Problem.Invalid(errors);
        }

        var made = await GrainOf(grains, account.Tenant!.Id).CreateAsync(request);
        return made is null ? new Problem(ProblemCodes.LimitReached) : TwilioJson.Answer(TwilioTrigger.From(account.Tenant, made), StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(HttpContext http, string sid, TenantAccess access, IGrainFactory grains)
    {
        var errors = new FieldErrors();
        var (paging, query) = (TwilioPaging.Read(http.Request, errors), http.Request.Query);
        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null || !errors.IsEmpty)
        {
            return account.Problem ?? Problem.Invalid(errors);
        }

        var triggers = (await GrainOf(grains, account.Tenant!.Id).ListAsync()).Select(reading => TwilioTrigger.From(account.Tenant, reading));
        var page = paging.Cut([.. triggers.Where(trigger => Fits("Recurring", trigger.Recurring) && Fits("TriggerBy", trigger.TriggerBy) && Fits("UsageCategory", trigger.UsageCategory))]);
        return TwilioJson.Answer(paging.Answer("usage_triggers", page.Items, page.Total));

        bool Fits(string filter, string? value) => query[filter].ToString() is var wanted && (wanted.Length == 0 || wanted == (value ?? "alltime"));
    }

    private static async Task<IResult> GetAsync(HttpContext http, string sid, string trigger, TenantAccess access, IGrainFactory grains)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null)
        {
            return account.Problem;
        }

        var known = (await GrainOf(grains, account.Tenant!.Id).ListAsync()).FirstOrDefault(reading => reading.Trigger.Id.ToString() == trigger);
        return known is null ? new Problem(ProblemCodes.NotFound) : TwilioJson.Answer(TwilioTrigger.From(account.Tenant, known));
    }

    private static async Task<IResult> UpdateAsync(HttpContext http, string sid, string trigger, TwilioForm form, TenantAccess access, IGrainFactory grains)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null)
        {
            return account.Problem;
        }

        var errors = new FieldErrors();
        var (name, url, method) = (TwilioTriggerForm.Name(form, errors), TwilioTriggerForm.Url(form, isRequired: false, errors), TwilioTriggerForm.Method(form, errors));
        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        return UsageTriggerId.TryParse(trigger, out var id) && await GrainOf(grains, account.Tenant!.Id).UpdateAsync(id, name, url, method) is { } changed
            ? TwilioJson.Answer(TwilioTrigger.From(account.Tenant, changed))
            : new Problem(ProblemCodes.NotFound);
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, string sid, string trigger, TenantAccess access, IGrainFactory grains)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        return account.Problem
            ?? (UsageTriggerId.TryParse(trigger, out var id) && await GrainOf(grains, account.Tenant!.Id).RemoveAsync(id) ? Results.NoContent() : new Problem(ProblemCodes.NotFound));
    }

    private static IUsageTriggerGrain GrainOf(IGrainFactory grains, TenantId tenant) => grains.GetGrain<IUsageTriggerGrain>(GrainKeys.UsageTriggers(tenant));
}
