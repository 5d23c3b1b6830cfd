using System.Net;

namespace NetDiscovery.Gateway.Regions;

/// <summary>Where a request that a region is chosen for came from.</summary>
/// <param name="Client">IP address of who sent it; null when unknown.</param>
/// <param name="Placement">The choice that another gateway has made; null when it is to be made here.</param>
/// <param name="MayGoElsewhere">True when the request can be passed on to another region.</param>
public readonly record struct RequestOrigin(IPAddress? Client, Placement? Placement, bool MayGoElsewhere)
{
    /// <summary>The origin of a request to a route that is marked with <see cref="RegionalRoutes.ChoosesRegion"/>.</summary>
    public static RequestOrigin Of(HttpContext http)
    {
        var link = http.RegionLink();
        return new(http.Connection.RemoteIpAddress, link?.Forwarded?.Placement, link is null);
    }

    /// <summary>Why a request stays that was neither placed nor can go on.</summary>
    public const string Asked = "the region of the gateway that was asked";
}
