using System.Diagnostics;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.RateLimits;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces.Audit;

namespace NetDiscovery.Gateway.Audit;

/// <summary>Tells grains who asks for a change, from where, so that they write it down with what they change.</summary>
public sealed class OriginMiddleware(RequestDelegate next)
{
    /// <summary>Response header with the id that the change is listed under; traces and logs have it too.</summary>
    public const string Header = "Request-Id";

    /// <summary>Runs the rest of the pipeline.</summary>
    public Task InvokeAsync(HttpContext context) => context.Features.Get<Caller>() is { } caller && MayChange(context) ? OnBehalfAsync(context, caller) : next(context);

    // What only reads changes nothing, and tokens and sessions are in the ledger.
    private static bool MayChange(HttpContext context) =>
        !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
        && context.GetEndpoint()?.Metadata is { } route && (route.GetMetadata<NeededByCalls>() is null || route.GetMetadata<WrittenInControlRegion>() is not null);

    // What the context carries ends with this method.
    private async Task OnBehalfAsync(HttpContext context, Caller caller)
    {
        var request = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
        context.Response.Headers[Header] = request;
        var address = context.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : context.Connection.RemoteIpAddress;
        new ChangeOrigin(caller.Key?.ToString() ?? caller.ToString(), address?.ToString() ?? "", request).Enter();
        await next(context);
    }
}
