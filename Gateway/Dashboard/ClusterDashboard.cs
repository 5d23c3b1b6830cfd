using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.ServiceDefaults.Clustering;
using Orleans.Dashboard;

namespace NetDiscovery.Gateway.Dashboard;

/// <summary>Orleans' own dashboard at <c>/dashboard</c>: silos, grains, calls. For the operator, and only where <c>Dashboard:Enabled</c> says so.</summary>
public static class ClusterDashboard
{
    /// <summary>Where it is.</summary>
    public const string Prefix = "/dashboard";

    // Calls a grain of any kind and key, and prints what it remembers: tenants' signing keys too.
    private const string GrainState = $"{Prefix}/GrainState";

    /// <summary>Makes it ready in a gateway that is a process of its own; where a silo is in the same process, that has done so.</summary>
    public static void AddClusterDashboard(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.ShowsDashboard())
        {
            builder.UseOrleansClient(static client => client.AddDashboard(static options => options.HideTrace = true));
        }
    }

    /// <summary>Maps it, if it is to be shown.</summary>
    public static void Map(WebApplication app)
    {
        if (app.Configuration.ShowsDashboard())
        {
            app.MapOrleansDashboard(Prefix)
                .RequireAuthorization(Policies.Operator)
                .WithMetadata(new OperatorSignsInByBrowser())
                .ExcludeFromDescription()
                .AddEndpointFilter(RefuseStateAsync);
        }
    }

    private static ValueTask<object?> RefuseStateAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        context.HttpContext.Response.Headers.CacheControl = "no-store";
        return context.HttpContext.Request.Path.StartsWithSegments(GrainState) ? ValueTask.FromResult<object?>(new Problem(ProblemCodes.NotFound)) : next(context);
    }
}
