using System.Net;
using NetDiscovery.ServiceDefaults.Regions;

namespace NetDiscovery.Gateway.Regions.Choice;

/// <summary>Tells which region an address belongs to: by the operator's map of blocks, then of countries and continents.</summary>
public sealed class AddressPlaces(RegionDirectory regions, GeoDatabase database)
{
    /// <summary>Looks an address up.</summary>
    /// <returns>The region the map gives it to, and what of it the map names; coordinates where the map says nothing and the database does.</returns>
    public AddressPlace Find(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var map = regions.Current.Places;
        if (map.IsEmpty)
        {
            return new AddressPlace(null, null, database.Find(plain));
        }

        var block = map.Where(entry => entry.Block is { } network && Contains(network, plain)).OrderByDescending(entry => entry.Block!.Value.PrefixLength).FirstOrDefault();
        if (block is not null)
        {
            return new AddressPlace(block.Region, block.Match, default);
        }

        var place = database.Find(plain);
        var named = map.FirstOrDefault(entry => entry.Country is not null && entry.Country == place.Country) ?? map.FirstOrDefault(entry => entry.Continent is not null && entry.Continent == place.Continent);
        return new AddressPlace(named?.Region, named?.Match, place);
    }

    private static bool Contains(IPNetwork network, IPAddress address) => network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address);
}

/// <summary>Where an address belongs.</summary>
/// <param name="Region">By the operator's map; null when it says nothing.</param>
/// <param name="Match">The entry of the map.</param>
/// <param name="Place">By the database.</param>
public readonly record struct AddressPlace(string? Region, string? Match, GeoPlace Place);
