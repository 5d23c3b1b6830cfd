using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions.Choice;

/// <summary>How far regions are from each other and from places on the map, in milliseconds there and back.</summary>
public sealed class RegionDistances(RegionDirectory regions, IRegionHealth health)
{
    /// <summary>Where nothing is known: as far as half a continent.</summary>
    public const double Unknown = 50;

    // Light in fibre needs 1 ms for 100 km there and back; cables are half as long again as the way of the crow.
    private const double KilometresPerMillisecond = 100 / 1.5;
    private const double EarthRadius = 6_371;

    /// <summary>Between two regions: as their gateways measure; else by where they are; else <see cref="Unknown"/>.</summary>
    public double Between(string one, string other)
    {
        if (one == other)
        {
            return 0;
        }

        var places = regions.Current.Locations;
        return health.RoundTrip(one, other)
            ?? (places.TryGetValue(one, out var from) && places.TryGetValue(other, out var to) ? Milliseconds(from.Latitude, from.Longitude, to.Latitude, to.Longitude) : Unknown);
    }

    /// <summary>From a place to a region; null where the region's own place is not known.</summary>
    public double? From(double latitude, double longitude, string region) =>
        regions.Current.Locations.TryGetValue(region, out var place) ? Milliseconds(latitude, longitude, place.Latitude, place.Longitude) : null;

    /// <summary>Along the great circle.</summary>
    public static double Milliseconds(double latitude, double longitude, double otherLatitude, double otherLongitude)
    {
        var (north, otherNorth) = (double.DegreesToRadians(latitude), double.DegreesToRadians(otherLatitude));
        var half = Math.Pow(Math.Sin((otherNorth - north) / 2), 2)
            + (Math.Cos(north) * Math.Cos(otherNorth) * Math.Pow(Math.Sin(double.DegreesToRadians(otherLongitude - longitude) / 2), 2));
        return 2 * EarthRadius * Math.Asin(Math.Min(1, Math.Sqrt(half))) / KilometresPerMillisecond;
    }
}
