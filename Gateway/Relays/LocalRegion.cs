using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Relays;

/// <summary>The region this gateway belongs to, and the choice of region for a request.</summary>
/// <param name="Name">Setting <c>Region:Name</c>.</param>
public sealed record LocalRegion(string Name)
{
    /// <summary>Chooses the region for a tenant's token or session.</summary>
    /// <param name="discovery">The tenant's configuration.</param>
    /// <param name="asked">The region the request names; null for none.</param>
    public RegionChoice Choose(DiscoveryConfiguration discovery, string? asked)
    {
        var region = asked ?? Name;
        if (!discovery.Regions.IsEmpty && !discovery.Regions.Contains(region))
        {
            return new RegionChoice("", "", new Problem(
                ProblemCodes.RegionUnavailable, $"The tenant's discovery configuration does not allow the region '{region}'; it allows {string.Join(", ", discovery.Regions)}."));
        }

        return region == Name
            ? new RegionChoice(region, asked is null ? "the region of the gateway that was asked" : "the request names it", null)
            : new RegionChoice("", "", new Problem(ProblemCodes.RegionUnavailable, $"The region '{region}' is not served here."));
    }

    /// <summary>Chooses the region of a session: the one an endpoint declares, if it is served here, else this one.</summary>
    internal RegionChoice ChooseForSession(DiscoveryConfiguration discovery, IEnumerable<EndpointRequest> endpoints)
    {
        var choice = Choose(discovery, null);
        return choice.Problem is null && endpoints.FirstOrDefault(endpoint => endpoint.Region == Name) is { Name: var name }
            ? choice with { Reason = $"the endpoint '{name}' declares it" }
            : choice;
    }
}

/// <summary>A region and the reason for it, or a refusal.</summary>
public readonly record struct RegionChoice(string Region, string Reason, Problem? Problem);
