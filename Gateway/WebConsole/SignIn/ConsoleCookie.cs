using System.Globalization;
using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Gateway.WebConsole.SignIn;

/// <summary>
/// The console's cookie: who signed in and with which key, sealed with <see cref="Hosting.DerivedKeys"/>. Of the secret it holds the SHA-256 hash that the platform
/// itself keeps, so that each use of the session can be checked as a request of the API is; the secret is nowhere in the browser.
/// </summary>
internal static class ConsoleCookie
{
    /// <summary>Name of the authentication scheme.</summary>
    public const string SchemeName = "console";

    /// <summary>Name of the authorization policy: somebody who has signed in.</summary>
    public const string Policy = "console";

    /// <summary>A session ends when nobody has touched it for so long.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(20);

    /// <summary>A session ends so long after it began, whatever was done.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    private const string TenantClaim = "tenant";
    private const string KeyClaim = "key";
    private const string HashClaim = "hash";
    private const string BegunClaim = "begun";
    private const string ClientClaim = "client";

    /// <summary>Sets the cookie's form, and what becomes of requests without one.</summary>
    public static void Configure(CookieAuthenticationOptions cookies)
    {
        cookies.Cookie.Name = "netdiscovery-console";
        cookies.Cookie.HttpOnly = true;
        cookies.Cookie.SameSite = SameSiteMode.Strict;
        cookies.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        cookies.Cookie.IsEssential = true;
        cookies.ExpireTimeSpan = Idle;

        // Renewed when somebody does something, not when a page asks for news by itself: see SignInApi.
        cookies.SlidingExpiration = false;
        cookies.Events.OnValidatePrincipal = ValidateAsync;
        cookies.Events.OnRedirectToLogin = static context => AskToSignInAsync(context.HttpContext);
        cookies.Events.OnRedirectToAccessDenied = static context => new Problem(ProblemCodes.OperatorRequired).ExecuteAsync(context.HttpContext);
    }

    /// <summary>Who signs in, as the cookie holds it.</summary>
    public static ClaimsPrincipal Make(Caller caller, PresentedCredential credential, DateTimeOffset begun)
    {
        var identity = Identify(caller);
        identity.AddClaim(new Claim(HashClaim, credential.SecretHash));
        identity.AddClaim(new Claim(BegunClaim, begun.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
        if (credential.Tenant is { } tenant)
        {
            identity.AddClaim(new Claim(TenantClaim, tenant.ToString()));
        }

        if (credential.Key is { } key)
        {
            identity.AddClaim(new Claim(KeyClaim, key.ToString()));
        }

        return new ClaimsPrincipal(identity);
    }

    /// <summary>What authorization policies see of somebody who has signed in: the same as of a caller of the API.</summary>
    public static ClaimsIdentity Identify(Caller caller)
    {
        var identity = new ClaimsIdentity(SchemeName);
        identity.AddClaim(new Claim(ClaimTypes.Name, caller.ToString()));
        if (caller.IsOperator)
        {
            identity.AddClaim(new Claim(CallerAuthentication.OperatorClaim, "true"));
        }

        return identity;
    }

    /// <returns>What somebody signed in with, until when at most, and the address the browser has now; null for anybody who did not.</returns>
    public static (PresentedCredential Credential, DateTimeOffset Until, IPAddress? Client)? Read(ClaimsPrincipal user)
    {
        if (user.Identity is not ClaimsIdentity { IsAuthenticated: true, AuthenticationType: SchemeName } identity
            || identity.FindFirst(HashClaim)?.Value is not { } hash
            || !long.TryParse(identity.FindFirst(BegunClaim)?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var begun))
        {
            return null;
        }

        TenantId? tenant = TenantId.TryParse(identity.FindFirst(TenantClaim)?.Value, out var knownTenant) ? knownTenant : null;
        ApiKeyId? key = ApiKeyId.TryParse(identity.FindFirst(KeyClaim)?.Value, out var knownKey) ? knownKey : null;
        return (new PresentedCredential(tenant, key, hash), DateTimeOffset.FromUnixTimeSeconds(begun) + Longest, IPAddress.TryParse(identity.FindFirst(ClientClaim)?.Value, out var client) ? client : null);
    }

    // A key that was removed, and a session that is too old, end with the next request.
    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var services = context.HttpContext.RequestServices;
        if (context.Principal is { } user && Read(user) is { } session
            && session.Until > services.GetRequiredService<TimeProvider>().GetUtcNow()
            && await services.GetRequiredService<CallerDirectory>().FindAsync(session.Credential) is not null)
        {
            NoteClient((ClaimsIdentity)user.Identity!, context.HttpContext.Connection.RemoteIpAddress);
            return;
        }

        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(SchemeName);
    }

    // Of this request, not of the one that signed in. The connection of a page keeps it, where calls find no request any more.
    private static void NoteClient(ClaimsIdentity identity, IPAddress? client)
    {
        foreach (var earlier in identity.FindAll(ClientClaim).ToList())
        {
            identity.RemoveClaim(earlier);
        }

        if (client is not null)
        {
            identity.AddClaim(new Claim(ClientClaim, client.ToString()));
        }
    }

    private static Task AskToSignInAsync(HttpContext context)
    {
        var request = context.Request;
        if (HttpMethods.IsGet(request.Method) && !request.Path.StartsWithSegments("/_blazor"))
        {
            context.Response.Redirect(request.Path == "/" && !request.QueryString.HasValue ? SignInApi.Path : $"{SignInApi.Path}{QueryString.Create("next", request.Path + request.QueryString)}");
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        }

        return Task.CompletedTask;
    }
}
