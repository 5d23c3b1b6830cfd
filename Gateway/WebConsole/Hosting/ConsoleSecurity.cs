using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.WebConsole.SignIn;

namespace NetDiscovery.Gateway.WebConsole.Hosting;

/// <summary>Marks what belongs to the console: its pages, its connection, signing in and out.</summary>
internal sealed record ConsoleEndpoint;

/// <summary>Headers of the console, and the refusal of what pages of others send with the browser of somebody who is signed in.</summary>
internal static class ConsoleSecurity
{
    // Scripts come as files of this gateway only: no text of a page can become a script. The component library sets its styles inline.
    private const string Policy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        + "frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

    /// <summary>Runs the rest of the pipeline, unless the request comes from a page of another origin.</summary>
    public static Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ConsoleEndpoint>() is null)
        {
            return next(context);
        }

        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.CacheControl = "no-store";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";

        // With no-referrer a browser would not tell the origin of its own forms.
        headers["Referrer-Policy"] = "same-origin";
        if (!IsOwn(context.Request))
        {
            return new Problem(ProblemCodes.Forbidden, "The request comes from a page of another origin.").ExecuteAsync(context);
        }

        return IsConnection(context.Request.Path) ? ConnectAsync(context, next) : next(context);
    }

    // The way of a page's connection, and of the question how to connect.
    private static bool IsConnection(PathString path) => path.StartsWithSegments("/_blazor", StringComparison.OrdinalIgnoreCase, out var rest)
        && (!rest.HasValue || rest == "/" || rest.StartsWithSegments("/negotiate", StringComparison.OrdinalIgnoreCase));

    // A page connects over a WebSocket and nothing else (Assets/start.js): that it is open, and whose, is seen here for as long as it is.
    private static async Task ConnectAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await new Problem(ProblemCodes.WebSocketRequired).ExecuteAsync(context);
            return;
        }

        var connections = context.RequestServices.GetRequiredService<ConsoleConnections>();
        var credential = ConsoleCookie.Read(context.User)?.Credential.SecretHash ?? "";
        if (!connections.TryOpen(credential))
        {
            await new Problem(ProblemCodes.TooManyRequests, "There are too many open pages with this credential.").ExecuteAsync(context);
            return;
        }

        try
        {
            await next(context);
        }
        finally
        {
            connections.Close(credential);
        }
    }

    // The cookie's SameSite=Strict keeps other sites out; this also keeps out other hosts of the same site. Scheme and port may differ behind a proxy.
    private static bool IsOwn(HttpRequest request)
    {
        if (request.Headers.Origin.Count == 0 || (HttpMethods.IsGet(request.Method) && !request.HttpContext.WebSockets.IsWebSocketRequest))
        {
            return true;
        }

        return Uri.TryCreate(request.Headers.Origin, UriKind.Absolute, out var origin)
            && string.Equals(origin.Host, request.Host.Host, StringComparison.OrdinalIgnoreCase);
    }
}
