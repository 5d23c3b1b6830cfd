using System.Globalization;
using System.Text.Json.Serialization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Tokens;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary><c>POST /2010-04-01/Accounts/{sid}/Tokens.json</c>: ICE servers for one client.</summary>
public static class TwilioTokens
{
    private const int DefaultTtlSeconds = 86_400;

    /// <summary>Maps the route.</summary>
    public static void Map(RouteGroupBuilder api) => api.MapPost("/Accounts/{sid}/Tokens.json", CreateAsync).ChoosesRegion().NeededByCalls();

    private static async Task<IResult> CreateAsync(
        HttpContext http, string sid, TwilioForm form, RequestSeed seed, TenantAccess access, TenantSnapshots snapshots, TokenMint mint, TimeProvider time)
    {
        var account = await TwilioApi.FindAsync(access, http, sid);
        if (account.Problem is not null || await snapshots.GetAsync(account.Tenant!.Id) is not { } snapshot)
        {
            return account.Problem ?? new Problem(ProblemCodes.Unauthenticated);
        }

        var errors = new FieldErrors();
        var max = snapshot.Discovery.TokenTtlSeconds.Max;
        var ttl = form.Integer("Ttl", errors) ?? Math.Min(DefaultTtlSeconds, max);
        if (errors.IsEmpty && (ttl < 1 || ttl > max))
        {
            errors.Add("Ttl", $"must be from 1 to {max}");
        }

        if (!errors.IsEmpty)
        {
            return Problem.Invalid(errors);
        }

        var minted = await mint.MintAsync(account.Tenant.Id, new CreateTokenRequest { TtlSeconds = ttl }, seed, RequestOrigin.Of(http));
        return minted.Elsewhere is { } elsewhere ? elsewhere : minted.Token is { } token ? TwilioJson.Answer(TwilioToken.From(token, account.Tenant.Id.ToString(), time.GetUtcNow()), StatusCodes.Status201Created) : minted.Problem!;
    }
}

/// <summary>A Token resource.</summary>
/// <param name="Username">TURN username.</param>
/// <param name="IceServers">One entry for each URI.</param>
/// <param name="DateUpdated">RFC 2822.</param>
/// <param name="AccountSid">The tenant.</param>
/// <param name="Ttl">Seconds, as text.</param>
/// <param name="DateCreated">RFC 2822.</param>
/// <param name="Password">TURN password.</param>
public sealed record TwilioToken(string Username, IReadOnlyList<TwilioIceServer> IceServers, string DateUpdated, string AccountSid, string Ttl, string DateCreated, string Password)
{
    /// <summary>Writes a token this way.</summary>
    public static TwilioToken From(TokenResponse token, string account, DateTimeOffset now)
    {
        var servers = from server in token.IceServers from uri in server.Urls select new TwilioIceServer(uri, uri, server.Username, server.Credential);
        var at = TwilioJson.Rfc2822(now);
        return new TwilioToken(token.Username, [.. servers], at, account, token.TtlSeconds.ToString(CultureInfo.InvariantCulture), at, token.Credential);
    }
}

/// <summary>One ICE server: a single URI under both of its names, the older one for clients from before <c>urls</c>.</summary>
public sealed record TwilioIceServer(
    string Url,
    string Urls,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Username,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Credential)
{
    /// <summary>Names the server only: the password must not reach a log by way of string formatting.</summary>
    public override string ToString() => $"TwilioIceServer {{ Urls = {Urls} }}";
}
