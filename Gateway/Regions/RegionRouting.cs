using Microsoft.AspNetCore.Authorization;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions;

/// <summary>Passes on what belongs to another region, after this gateway has let its caller in. What another gateway has passed on stays here, so nothing goes round in circles.</summary>
public sealed class RegionRouting(
    RequestDelegate next, RegionDirectory regions, RegionForwarder forwarder, FailureLimiter failures, IGrainFactory grains, CallerDirectory callers, TenantSnapshots snapshots, TimeProvider time)
{
    // Normally some milliseconds. Longer than a busy machine takes: the control region has just answered, so it can be asked.
    private static readonly TimeSpan CatchUpLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>Runs the rest of the pipeline, or passes the request on.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        var map = regions.Current;
        if (map.Peers.IsEmpty || context.GetEndpoint()?.Metadata is not { } route)
        {
            return next(context);
        }

        if (context.RegionLink() is null)
        {
            if (!map.IsControl && route.GetMetadata<WrittenInControlRegion>() is not null)
            {
                return ToControlRegionAsync(context, map);
            }

            if (route.GetMetadata<OwnedBySessionsRegion>() is not null && SessionId.TryParse(context.GetRouteValue("id") as string, out var session)
                && map.Peers.TryGetValue(session.Region, out var owner))
            {
                return ToOwnerAsync(context, owner, session);
            }

            if (route.GetMetadata<OwnedByNamedRegion>() is not null && context.Request.Query["region"] is [{ Length: > 0 } named] && named != map.Name)
            {
                return map.Peers.TryGetValue(named, out var wanted)
                    ? ToNamedAsync(context, wanted)
                    : new Problem(ProblemCodes.RegionUnavailable, $"There is no region '{named}'; there are {string.Join(", ", map.All)}.").ExecuteAsync(context);
            }
        }

        if (route.GetMetadata<RegionIsChosen>() is not null)
        {
            context.Request.EnableBuffering();
        }

        return next(context);
    }

    private async Task ToControlRegionAsync(HttpContext context, RegionMap map)
    {
        if (!await forwarder.ForwardAsync(context, map.Peers[map.Control], answered: response => response.IsSuccessStatusCode ? CatchUpAsync(map.Control) : Task.CompletedTask))
        {
            await new Problem(ProblemCodes.ControlRegionUnreachable, $"Tenants are written in the region '{map.Control}'.", retryAfter: Retry).ExecuteAsync(context);
        }
    }

    /// <summary>Who has changed something through this gateway finds it changed here, before he is answered.</summary>
    private async Task CatchUpAsync(string control)
    {
        // What fails here is made good within a second by the replication itself.
        await grains.GetGrain<ITenantReplicationGrain>(GrainKeys.Replication(control)).CatchUpAsync().WaitAsync(CatchUpLimit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        callers.ForgetAll();
        snapshots.ForgetAll();
    }

    private async Task ToOwnerAsync(HttpContext context, RegionPeer owner, SessionId session)
    {
        // Who comes with a join token is let in by the owner only; strangers are held up here already.
        var (client, name) = (context.Connection.RemoteIpAddress, session.ToString());
        var isStranger = context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        if (isStranger && failures.Blocked(client, name) is { } wait)
        {
            await new Problem(ProblemCodes.TooManyRequests, "Too many wrong join tokens from this address.", retryAfter: wait).ExecuteAsync(context);
            return;
        }

        if (!await forwarder.ForwardAsync(context, owner))
        {
            await new Problem(ProblemCodes.RegionUnreachable, $"The session is in the region '{owner.Name}'.", retryAfter: Retry).ExecuteAsync(context);
        }
        else if (isStranger && context.Response.StatusCode == StatusCodes.Status401Unauthorized)
        {
            failures.Failed(client, name);
        }
    }

    private async Task ToNamedAsync(HttpContext context, RegionPeer wanted)
    {
        if (!await forwarder.ForwardAsync(context, wanted))
        {
            await new Problem(ProblemCodes.RegionUnreachable, $"The request asks the region '{wanted.Name}'.", retryAfter: Retry).ExecuteAsync(context);
        }
    }
}
