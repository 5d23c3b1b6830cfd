using NetDiscovery.Gateway.Problems;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions;

/// <summary>Answers by passing the request on to the region that was chosen for it.</summary>
/// <param name="region">The region.</param>
/// <param name="placement">Why, and what the other gateway need not ask again.</param>
public sealed class ForwardResult(string region, Placement placement) : IResult
{
    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var services = httpContext.RequestServices;
        if (services.GetRequiredService<RegionDirectory>().Current.Peers.TryGetValue(region, out var peer)
            && await services.GetRequiredService<RegionForwarder>().ForwardAsync(httpContext, peer, placement))
        {
            return;
        }

        // The next request, this one repeated too, is given to another region where the tenant allows one.
        services.GetRequiredService<RegionWatch>().Failed(region);
        await new Problem(ProblemCodes.RegionUnreachable, $"The region '{region}' was chosen: {placement.Reason}.").ExecuteAsync(httpContext);
    }
}
