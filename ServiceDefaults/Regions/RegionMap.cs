using System.Collections.Immutable;
using System.Net;
using System.Text;

namespace NetDiscovery.ServiceDefaults.Regions;

/// <summary>The regions as configured at one moment. Immutable; replaced whole.</summary>
/// <param name="Name">This region.</param>
/// <param name="Control">The region in which tenants are written.</param>
/// <param name="Peers">The other regions, by name.</param>
public sealed record RegionMap(string Name, string Control, ImmutableSortedDictionary<string, RegionPeer> Peers)
{
    /// <summary>True when tenants are written here.</summary>
    public bool IsControl => Control == Name;

    /// <summary>Which addresses belong where, in the order of the settings.</summary>
    public ImmutableArray<RegionPlace> Places { get; init; } = [];

    /// <summary>File of the database of addresses; null for none.</summary>
    public string? DatabasePath { get; init; }

    /// <summary>Where regions are, degrees north and east; those whose place is known.</summary>
    public ImmutableSortedDictionary<string, (double Latitude, double Longitude)> Locations { get; init; } = ImmutableSortedDictionary<string, (double, double)>.Empty;

    /// <summary>Names of all regions, in order.</summary>
    public ImmutableArray<string> All { get; } = [.. Peers.Keys.Append(Name).Order(StringComparer.Ordinal)];

    /// <summary>Makes the map that validated options describe.</summary>
    public static RegionMap From(RegionOptions options) => new(
        options.Name,
        options.Control is { Length: > 0 } control ? control : options.Name,
        options.Peers.ToImmutableSortedDictionary(
            static peer => peer.Name,
            peer => new RegionPeer(
                peer.Name, new Uri(peer.Url, UriKind.Absolute),
                [.. (peer.Secrets.Count > 0 ? peer.Secrets : options.Secrets).Select(static secret => Encoding.UTF8.GetBytes(secret))]),
            StringComparer.Ordinal))
    {
        Places = [.. options.Map.Select(static entry => RegionPlace.TryRead(entry.Match, entry.Region, out var place) ? place : throw new InvalidOperationException("Options are validated first."))],
        DatabasePath = options.DatabasePath is { Length: > 0 } path ? path : null,
        Locations = options.Peers.Select(static peer => (peer.Name, peer.Latitude, peer.Longitude)).Append((options.Name, options.Latitude, options.Longitude))
            .Where(static place => place.Latitude is not null && place.Longitude is not null)
            .ToImmutableSortedDictionary(static place => place.Name, static place => (place.Latitude!.Value, place.Longitude!.Value), StringComparer.Ordinal),
    };
}

/// <summary>Addresses that belong to a region: one of block, country and continent.</summary>
/// <param name="Match">As the settings have it.</param>
/// <param name="Region">The region.</param>
/// <param name="Block">The address block.</param>
/// <param name="Country">ISO 3166 code.</param>
/// <param name="Continent">Two letters.</param>
public sealed record RegionPlace(string Match, string Region, IPNetwork? Block, string? Country, string? Continent)
{
    /// <summary>Reads an entry.</summary>
    /// <returns>False for anything else than the three forms. Never throws.</returns>
    public static bool TryRead(string match, string region, out RegionPlace place)
    {
        place = new RegionPlace(match, region, null, null, null);
        if (match.StartsWith("country:", StringComparison.Ordinal) || match.StartsWith("continent:", StringComparison.Ordinal))
        {
            var code = match[(match.IndexOf(':', StringComparison.Ordinal) + 1)..];
            place = match[2] == 'u' ? place with { Country = code } : place with { Continent = code };
            return code.Length == 2 && code.All(char.IsAsciiLetterUpper);
        }

        if (!IPNetwork.TryParse(match, out var block))
        {
            return false;
        }

        place = place with { Block = block };
        return true;
    }
}

/// <summary>Another region.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Url">Where its gateways are.</param>
/// <param name="Keys">What requests to and from it are signed with; the first one signs.</param>
public sealed record RegionPeer(string Name, Uri Url, ImmutableArray<byte[]> Keys)
{
    /// <summary>Names it only: the keys must not reach a log by way of string formatting.</summary>
    public override string ToString() => $"RegionPeer {{ Name = {Name}, Url = {Url} }}";
}
