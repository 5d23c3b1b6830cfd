using System.Net;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions;

/// <summary>Lets requests of other regions in when they prove it; to everybody else the routes between regions do not exist.</summary>
public sealed partial class LinkMiddleware(RequestDelegate next, LinkVerifier verifier, GatewayMetrics metrics, ILogger<LinkMiddleware> logger)
{
    /// <summary>Runs the rest of the pipeline.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Headers.ContainsKey(LinkSignature.Header))
        {
            await (context.Request.Path.StartsWithSegments("/regions") ? new Problem(ProblemCodes.NotFound).ExecuteAsync(context) : next(context));
            return;
        }

        var (link, refusal) = await verifier.VerifyAsync(context);
        if (link is null)
        {
            metrics.Linked("unknown", "refused");
            LogRefused(context.Request.Method, context.Request.Path, refusal!.Detail!);
            await refusal.ExecuteAsync(context);
            return;
        }

        metrics.Linked(link.From, "ok");
        context.Features.Set(link);
        if (link.Forwarded is { } forwarded)
        {
            context.Connection.RemoteIpAddress = IPAddress.TryParse(forwarded.Client, out var client) ? client : null;
            context.Connection.RemotePort = 0;
        }

        await next(context);
    }

    // Debug: anybody can send such a header.
    [LoggerMessage(4401, LogLevel.Debug, "{Method} {Path} claims to come from another region and is refused: {Problem}")]
    private partial void LogRefused(string method, string path, string problem);
}
