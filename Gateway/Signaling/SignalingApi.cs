using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Signaling;

/// <summary>Signaling: the WebSocket at <c>/v1/sessions/{id}/signaling</c>.</summary>
public static class SignalingApi
{
    /// <summary>Maps the route. The join token is its only credential.</summary>
    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/v1/sessions/{id}/signaling", OpenAsync).InSessionsRegion().AllowAnonymous().WithTags("Sessions")
        .Produces(101).Refuses(
            ProblemCodes.BadRequest, ProblemCodes.JoinTokenWrong, ProblemCodes.TenantSuspended, ProblemCodes.SessionEnded, ProblemCodes.WebSocketRequired, ProblemCodes.TooManyRequests)
        .WithName("joinSession").WithSummary("Join a session's signaling (WebSocket)")
        .WithDescription(
            "Subprotocols: netdiscovery.v1 and token.<joinToken>; programs may send the token as bearer. With ?after=<last seq received> an endpoint goes on where it was. "
            + "Messages: docs/reference/signaling.md.");

    private static async Task<IResult> OpenAsync(
        HttpContext http, string id, long? after, IGrainFactory grains, FailureLimiter failures, SignalingConnections connections, IOptions<GatewayOptions> options)
    {
        var sockets = http.WebSockets;
        if (!sockets.IsWebSocketRequest)
        {
            return new Problem(ProblemCodes.WebSocketRequired);
        }

        if (!OriginAllowed(http.Request, options.Value))
        {
            return new Problem(ProblemCodes.BadRequest, "Pages of this origin may not connect: add it to Gateway:CorsOrigins.");
        }

        if (failures.Blocked(http.Connection.RemoteIpAddress, id) is { } wait)
        {
            return new Problem(ProblemCodes.TooManyRequests, "Too many wrong join tokens from this address.", retryAfter: wait);
        }

        if (!SessionId.TryParse(id, out var session) || JoinTokenHeader.ReadHash(http.Request) is not { } tokenHash)
        {
            return Wrong(http, id, failures);
        }

        if (!connections.HasRoom)
        {
            return new Problem(ProblemCodes.TooManyRequests, "This gateway holds as many signaling connections as it may.");
        }

        await using var connection = connections.Make(grains.GetGrain<ISessionGrain>(GrainKeys.Session(session)), tokenHash, http.Connection.RemoteIpAddress?.ToString());
        var joined = await connection.JoinAsync(after);
        switch (joined.Status)
        {
            case SignalingStatus.Accepted:
                break;
            case SignalingStatus.Ended:
                return new Problem(ProblemCodes.SessionEnded);
            case SignalingStatus.TenantInactive:
                return new Problem(ProblemCodes.TenantSuspended);
            default:
                return Wrong(http, id, failures);
        }

        using var socket = await sockets.AcceptWebSocketAsync(sockets.WebSocketRequestedProtocols.Contains(JoinTokenHeader.Protocol) ? JoinTokenHeader.Protocol : null);
        await connection.RunAsync(socket, joined, after is not null, http.RequestAborted);
        return Results.Empty;
    }

    // An unknown session and a wrong token look alike: ids alone tell strangers nothing.
    private static Problem Wrong(HttpContext http, string id, FailureLimiter failures)
    {
        failures.Failed(http.Connection.RemoteIpAddress, id);
        return new Problem(ProblemCodes.JoinTokenWrong);
    }

    private static bool OriginAllowed(HttpRequest request, GatewayOptions options) =>
        options.CorsOrigins.Count == 0 || options.CorsOrigins.Contains("*") || request.Headers.Origin is not [{ } origin]
        || options.CorsOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase);
}
