using System.Net;

namespace NetDiscovery.EndToEnd;

/// <summary>Where processes of a test run.</summary>
/// <param name="Address">Where clients reach them.</param>
/// <param name="Peers">Whom a relay may send to: <c>address/bits</c>.</param>
/// <param name="Namespace">The network namespace of <c>ip netns</c>; null for the one of the tests.</param>
internal sealed record Place(IPAddress Address, string Peers, string? Namespace)
{
    public static Place Loopback { get; } = new(IPAddress.Loopback, "127.0.0.0/8", null);

    /// <summary>Where a gateway listens: in a namespace also on the line to the other region.</summary>
    public string Listens => Namespace is null ? "127.0.0.1" : "0.0.0.0";
}
