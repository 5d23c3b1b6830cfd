using System.Collections.Immutable;
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

    /// <summary>Names of all regions, in order.</summary>
    public IEnumerable<string> All => Peers.Keys.Append(Name).Order(StringComparer.Ordinal);

    /// <summary>Makes the map that validated options describe.</summary>
    public static RegionMap From(RegionOptions options) => new(
        options.Name,
        options.Control is { Length: > 0 } control ? control : options.Name,
        options.Peers.ToImmutableSortedDictionary(
            static peer => peer.Name,
            peer => new RegionPeer(
                peer.Name, new Uri(peer.Url, UriKind.Absolute),
                [.. (peer.Secrets.Count > 0 ? peer.Secrets : options.Secrets).Select(static secret => Encoding.UTF8.GetBytes(secret))]),
            StringComparer.Ordinal));
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
