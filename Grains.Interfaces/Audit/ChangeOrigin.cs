namespace NetDiscovery.Grains.Interfaces.Audit;

/// <summary>Where a change came from. Travels beside grain calls, so that no contract has to name it.</summary>
/// <param name="Actor"><c>operator</c>, the tenant (<c>AC…</c>) whose auth token or the API key (<c>SK…</c>) that was used, or <c>platform</c> for what nobody asked for.</param>
/// <param name="Address">The client's IP address; empty when there is none.</param>
/// <param name="Request">Finds the request in logs and traces; empty when there is none.</param>
/// <remarks>Any client of the cluster could say anything here: only gateways are clients, and they have authenticated who they name.</remarks>
[GenerateSerializer, Immutable, Alias("ChangeOrigin")]
public sealed record ChangeOrigin(
    [property: Id(0)] string Actor,
    [property: Id(1)] string Address,
    [property: Id(2)] string Request)
{
    private const string Key = "netdiscovery.origin";

    /// <summary>The platform itself.</summary>
    public static ChangeOrigin Platform { get; } = new("platform", "", "");

    /// <summary>Where the present call came from.</summary>
    public static ChangeOrigin Current => RequestContext.Get(Key) as ChangeOrigin ?? Platform;

    /// <summary>Names this origin to all grains called from here on, and from there.</summary>
    public void Enter() => RequestContext.Set(Key, this);
}
