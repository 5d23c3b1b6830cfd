using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary>
/// What Twilio's REST API (version 2010-04-01) has for TURN: tokens, usage records and triggers, accounts and keys, so that its client libraries work here
/// with another base address (docs/reference/drop-in-apis.md). An account is a tenant, a key an API key.
/// </summary>
public static class TwilioApi
{
    /// <summary>Where the API begins.</summary>
    public const string Root = "/2010-04-01";

    /// <summary>Maps the routes.</summary>
    public static void Map(IEndpointRouteBuilder app)
    {
        var api = app.MapGroup(Root).RequireAuthorization(Policies.Caller).AddEndpointFilter<RefuseInactiveCaller>().AddEndpointFilter<RefuseUnchecked>().ExcludeFromDescription();
        TwilioTokens.Map(api);
        TwilioUsage.Map(api);
        TwilioTriggers.Map(api);
        TwilioAccounts.Map(api);
        TwilioKeys.Map(api);
    }

    /// <summary>The account of a path. One that is out of the caller's reach is answered as a failed authentication, whether it exists or not.</summary>
    public static async Task<TenantChoice> FindAsync(TenantAccess access, HttpContext http, string sid) =>
        await access.FindAsync(http.Caller(), sid) is { } tenant ? new TenantChoice(tenant, null) : new TenantChoice(null, new Problem(ProblemCodes.Unauthenticated));
}
