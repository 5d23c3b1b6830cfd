using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Cors;
using Microsoft.AspNetCore.Http.HttpResults;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.WebConsole.Hosting;

namespace NetDiscovery.Gateway.WebConsole.SignIn;

/// <summary>Signing in and out. Plain forms: they need no script.</summary>
internal static class SignInApi
{
    /// <summary>Where the form is.</summary>
    public const string Path = "/sign-in";

    private const string Wrong = "There is no such account or key, or the secret is wrong.";
    private const string Stale = "The form was too old. Please try again.";
    private const int LargestForm = 8_192;

    /// <summary>Maps the routes.</summary>
    public static void Map(WebApplication app)
    {
        var group = app.MapGroup("").WithMetadata(new ConsoleEndpoint(), new DisableCorsAttribute()).ExcludeFromDescription();
        group.MapGet(Path, ShowAsync);
        group.MapPost(Path, SignInAsync).WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(LargestForm));
        group.MapPost("/sign-out", (Delegate)SignOutAsync);
        group.MapPost("/console/session", (Delegate)RenewAsync).RequireAuthorization(ConsoleCookie.Policy);
    }

    private static async Task<IResult> ShowAsync(HttpContext http, string? next = null, string? ended = null)
    {
        // Links of other sites come without the cookie, which the browser keeps from them; the form's own page is asked for with it.
        return (await http.AuthenticateAsync(ConsoleCookie.SchemeName)).Succeeded ? Results.LocalRedirect(Local(next)) : Page(next, "", ended is null ? null : "The session has ended. Please sign in again.");
    }

    private static async Task<IResult> SignInAsync(HttpContext http, IAntiforgery forms, ConsoleSignIn signIn, TimeProvider time)
    {
        if (!http.Request.HasFormContentType)
        {
            return new Problem(ProblemCodes.UnsupportedMediaType);
        }

        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        string name = form["account"].ToString().Trim(), secret = form["secret"].ToString().Trim(), next = form["next"].ToString();
        if (!await forms.IsRequestValidAsync(http))
        {
            return Page(next, name, Stale, StatusCodes.Status400BadRequest);
        }

        if (!PresentedCredential.TryTyped(name, secret, out var credential))
        {
            return Page(next, name, Wrong, StatusCodes.Status401Unauthorized);
        }

        var (caller, retryAfter) = await signIn.CheckAsync(credential, http.Connection.RemoteIpAddress);
        if (retryAfter is { } wait)
        {
            var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            return Page(next, name, $"Too many failed attempts. Please wait {seconds} seconds.", StatusCodes.Status429TooManyRequests);
        }

        if (caller is null)
        {
            return Page(next, name, Wrong, StatusCodes.Status401Unauthorized);
        }

        await http.SignInAsync(ConsoleCookie.SchemeName, ConsoleCookie.Make(caller, credential, time.GetUtcNow()));
        return Results.LocalRedirect(Local(next));
    }

    private static async Task<IResult> SignOutAsync(HttpContext http)
    {
        await http.SignOutAsync(ConsoleCookie.SchemeName);
        return Results.LocalRedirect(Path);
    }

    // Called by the console's script when somebody has done something: the session goes on for another while.
    private static async Task<IResult> RenewAsync(HttpContext http)
    {
        await http.SignInAsync(ConsoleCookie.SchemeName, http.User);
        return Results.NoContent();
    }

    private static RazorComponentResult<SignInPage> Page(string? next, string account, string? message, int status = StatusCodes.Status200OK) =>
        new(new { Next = Local(next), Account = account, Message = message }) { StatusCode = status };

    // Only into the console itself: no other host, no scheme, no "//host" and no backslash that a browser takes for a slash.
    private static string Local(string? next) =>
        next is { Length: > 0 and < 1_000 } && next[0] == '/' && !next.StartsWith("//", StringComparison.Ordinal) && !next.AsSpan().ContainsAny('\\', '\r', '\n')
            && !next.StartsWith(Path, StringComparison.Ordinal) ? next : "/";
}
