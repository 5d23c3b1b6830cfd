using System.Globalization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tokens;

namespace NetDiscovery.Gateway.DropIn.Rest;

/// <summary>
/// <c>GET /turn?service=turn&amp;username=…</c>: the REST API for access to TURN services that many application servers speak
/// (draft-uberti-behave-turn-rest-00). The answer's credential is a token; <c>username</c> becomes its label.
/// </summary>
public static class RestApi
{
    private const string Root = "/turn";

    /// <returns>True for the path of this API.</returns>
    public static bool Owns(PathString path) => path.Equals(Root, StringComparison.Ordinal);

    /// <summary>Maps the route, for GET and POST as the draft has both.</summary>
    public static void Map(IEndpointRouteBuilder app) => app.MapMethods(Root, ["GET", "POST"], CreateAsync).ChoosesRegion()
        .RequireAuthorization(Policies.Caller).AddEndpointFilter<RefuseInactiveCaller>().AddEndpointFilter<RefuseUnchecked>().NeededByCalls().ExcludeFromDescription();

    private static async Task<IResult> CreateAsync(HttpContext http, TokenMint mint)
    {
        if (http.Caller().Tenant is not { } tenant)
        {
            return new Problem(ProblemCodes.Forbidden, "The key must be an API key or the auth token of a tenant.");
        }

        var (query, errors) = (http.Request.Query, new FieldErrors());
        if (query["service"].ToString() != "turn")
        {
            errors.Add("service", "must be turn");
        }

        var (label, ttl, seconds) = (query["username"].ToString(), query["ttl"].ToString(), 0);
        if (label.Length > 0 && !TextRule.IsLabel(label))
        {
            errors.Add("username", $"must be 1 to {TextRule.MaxLength} bytes of UTF-8 without control characters");
        }

        if (ttl.Length > 0 && !int.TryParse(ttl, NumberStyles.None, CultureInfo.InvariantCulture, out seconds))
        {
            errors.Add("ttl", "must be a whole number of seconds");
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var minted = await mint.MintAsync(tenant.Id, new CreateTokenRequest { TtlSeconds = ttl.Length > 0 ? seconds : null, Label = label.Length > 0 ? label : null }, RequestSeed.Random, RequestOrigin.Of(http));
        return minted.Elsewhere is { } elsewhere ? elsewhere : minted.Token is { } token
            ? JsonAnswer.Of(new RestCredential(token.Username, token.Credential, token.TtlSeconds, [.. token.IceServers.Where(static server => server.Username is not null).SelectMany(static server => server.Urls)]))
            : minted.Problem!;
    }
}

/// <summary>A credential of the REST form.</summary>
/// <param name="Username">TURN username.</param>
/// <param name="Password">TURN password.</param>
/// <param name="Ttl">Lifetime in seconds.</param>
/// <param name="Uris">TURN URIs.</param>
public sealed record RestCredential(string Username, string Password, int Ttl, IReadOnlyList<string> Uris)
{
    /// <summary>Names nothing: it holds a password.</summary>
    public override string ToString() => "RestCredential";
}
