using System.Net;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>What lies between two regions, and between them and their clients.</summary>
internal interface IRegionNetwork : IAsyncDisposable
{
    /// <summary>Where clients' peers are.</summary>
    IPAddress Here { get; }

    /// <summary>Starts a region in its place.</summary>
    /// <param name="name">The region.</param>
    /// <param name="httpPort">Port of the gateway that the other region reaches.</param>
    /// <param name="settings">What all its processes are told.</param>
    Task<IRegion> StartAsync(string name, int httpPort, string[] settings);

    /// <returns>Where the other region reaches this one's gateway.</returns>
    string UrlOf(string region);

    /// <summary>Neither region reaches the other.</summary>
    Task PartAsync();

    /// <summary>Both reach each other.</summary>
    Task MendAsync();
}
