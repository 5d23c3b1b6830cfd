using System.Net;
using System.Net.Http.Headers;
using System.Text;
using NetDiscovery.EndToEnd.Chaos;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>One region: silos, gateways, relays and a store of its own.</summary>
internal interface IRegion : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Where clients reach its relays.</summary>
    IReadOnlyList<IPEndPoint> Relays { get; }

    /// <summary>What its processes have printed.</summary>
    string Output { get; }

    /// <returns>A client of its gateway.</returns>
    HttpClient Client(AuthenticationHeaderValue authorization);

    /// <summary>SIGKILL to all of it.</summary>
    Task KillAsync();

    /// <summary>Starts again with the same store and ports.</summary>
    Task RestartAsync();
}

internal static class RegionClients
{
    /// <summary>The operator's, in every region.</summary>
    public const string OperatorKey = ChaosRegion.OperatorKey;

    public static HttpClient Operator(this IRegion region) => region.Client(new AuthenticationHeaderValue("Bearer", OperatorKey));

    public static HttpClient Tenant(this IRegion region, string id, string authToken) =>
        region.Client(new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{id}:{authToken}"))));
}
