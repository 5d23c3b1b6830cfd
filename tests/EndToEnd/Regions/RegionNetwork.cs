using System.Net;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>Where a region's process runs.</summary>
/// <param name="Address">Where clients reach it.</param>
/// <param name="Listens">Where its gateway listens.</param>
/// <param name="Peers">Whom its relay may send to: <c>address/bits</c>.</param>
/// <param name="Namespace">Its network namespace; null for the one of the tests.</param>
internal sealed record RegionPlace(IPAddress Address, string Listens, string Peers, string? Namespace);

/// <summary>What lies between two regions, and between them and their clients.</summary>
internal interface IRegionNetwork : IAsyncDisposable
{
    /// <summary>Where clients' peers are.</summary>
    IPAddress Here { get; }

    /// <returns>Where a region runs.</returns>
    RegionPlace PlaceOf(string region);

    /// <returns>Where the other region reaches this one's gateway.</returns>
    string UrlOf(string region);

    /// <summary>Neither region reaches the other.</summary>
    Task PartAsync();

    /// <summary>Both reach each other.</summary>
    Task MendAsync();
}
