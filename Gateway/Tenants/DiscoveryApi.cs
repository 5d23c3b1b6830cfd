using System.Globalization;
using Microsoft.Net.Http.Headers;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>The discovery configuration of a tenant, with optimistic concurrency by ETag.</summary>
public static class DiscoveryApi
{
    /// <summary>Maps the routes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var discovery = api.MapGroup("/tenants/{id}/discovery").WithTags("Discovery configuration");
        discovery.MapGet("", GetAsync).Produces<DiscoveryConfiguration>().Produces(304).Refuses(ProblemCodes.NotFound)
            .WithName("getDiscovery").WithSummary("Read the discovery configuration").WithDescription("The ETag is the version; send it as If-Match with a change.");
        discovery.MapPut("", PutAsync).InControlRegion().Accepts<DiscoveryConfiguration>("application/json").Produces<DiscoveryConfiguration>()
            .Refuses(ProblemCodes.ValidationFailed, ProblemCodes.OperatorRequired, ProblemCodes.NotFound, ProblemCodes.ClosedIsFinal, ProblemCodes.VersionConflict)
            .WithName("putDiscovery").WithSummary("Replace the discovery configuration")
            .WithDescription("The body is the whole configuration: a field left out gets its default (quotas.allocatesPerSecondPerRelay, which only the operator changes, stays as it is when others leave it out). With If-Match it replaces only the version named. Relays obey the new configuration from the next request on.");
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, TenantAccess access, IGrainFactory grains)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } tenant
            || await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id)).GetDiscoveryAsync() is not { } configuration)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        http.Response.Headers.ETag = ETag(configuration.Version);
        return Matches(http.Request.Headers.IfNoneMatch, configuration.Version) ? Results.StatusCode(304) : Results.Ok(configuration);
    }

    private static async Task<IResult> PutAsync(
        HttpContext http, string id, JsonBody<DiscoveryConfiguration> body, TenantAccess access, IGrainFactory grains, TenantSnapshots snapshots)
    {
        if (await access.FindAsync(http.Caller(), id) is not { } tenant)
        {
            return new Problem(ProblemCodes.NotFound);
        }

        var grain = grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant.Id));
        var named = http.Request.Headers.IfMatch is { Count: > 0 } ifMatch && !IsAny(ifMatch);
        DiscoveryChange change;
        do
        {
            var (configuration, expected) = (body.Value, (long?)null);
            if (named || !http.Caller().IsOperator)
            {
                // Several ETags may be named: the one in force, if it is among them, is the one to replace.
                var inForce = await grain.GetDiscoveryAsync();
                if (inForce is null || (named && !Matches(http.Request.Headers.IfMatch, inForce.Version)))
                {
                    return Conflict(inForce);
                }

                if (!http.Caller().IsOperator && !TryKeepOperators(ref configuration, inForce))
                {
                    return new Problem(ProblemCodes.OperatorRequired, "quotas.allocatesPerSecondPerRelay is the operator's to change; leave it out, and what is in force stays.");
                }

                expected = inForce.Version;
            }

            change = await grain.PutDiscoveryAsync(configuration, expected);
        }
        while (change.Outcome == DiscoveryChangeOutcome.VersionConflict && !named); // another change came between: what the operator set may be new

        snapshots.Forget(tenant.Id);
        switch (change.Outcome)
        {
            case DiscoveryChangeOutcome.Stored:
                http.Response.Headers.ETag = ETag(change.Configuration!.Version);
                return Results.Ok(change.Configuration);
            case DiscoveryChangeOutcome.VersionConflict:
                return Conflict(change.Configuration);
            case DiscoveryChangeOutcome.Closed:
                return new Problem(ProblemCodes.ClosedIsFinal);
            default:
                return new Problem(ProblemCodes.NotFound);
        }
    }

    // How much of a relay a tenant may take from others is the operator's to say.
    private static bool TryKeepOperators(ref DiscoveryConfiguration configuration, DiscoveryConfiguration inForce)
    {
        var (asked, kept) = (configuration.Quotas.AllocatesPerSecondPerRelay, inForce.Quotas.AllocatesPerSecondPerRelay);
        configuration = configuration with { Quotas = configuration.Quotas with { AllocatesPerSecondPerRelay = kept } };
        return asked is null || asked == kept;
    }

    private static Problem Conflict(DiscoveryConfiguration? inForce) => inForce is null
        ? new Problem(ProblemCodes.NotFound)
        : new Problem(ProblemCodes.VersionConflict, $"The version in force is {inForce.Version}.");

    private static string ETag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    private static bool IsAny(Microsoft.Extensions.Primitives.StringValues header) => header.Count == 1 && header[0]?.Trim() == "*";

    private static bool Matches(Microsoft.Extensions.Primitives.StringValues header, long version) =>
        header.Count > 0 && (IsAny(header) || (EntityTagHeaderValue.TryParseList(header, out var tags) && tags.Any(tag => tag.Tag == ETag(version) && !tag.IsWeak)));
}
