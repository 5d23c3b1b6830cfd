using NetDiscovery.Gateway.DropIn;
using NetDiscovery.Gateway.DropIn.Rest;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>Headers that make browsers careful with what the gateway answers.</summary>
public static class SecurityHeaders
{
    private const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";
    private const string PagePolicy =
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    /// <summary>Sets the headers before anything is answered. Answers of the API are not to be stored anywhere: many hold secrets.</summary>
    public static Task SetAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        var path = context.Request.Path;
        var isApi = path.StartsWithSegments("/v1") || RestApi.Owns(path) || DropInErrors.WriterFor(path) is not null;
        headers.ContentSecurityPolicy = isApi ? ApiPolicy : PagePolicy;
        if (isApi)
        {
            headers.CacheControl = "no-store";
        }

        return next(context);
    }
}
