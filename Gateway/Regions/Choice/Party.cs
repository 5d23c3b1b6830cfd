using System.Collections.Immutable;
using System.Net;

namespace NetDiscovery.Gateway.Regions.Choice;

/// <summary>One of those a region is chosen for, and what is known of where he is.</summary>
/// <param name="Who">As a sentence begins: <c>the endpoint 'alice'</c>, <c>the client</c>.</param>
/// <param name="Declared">The region he is said to be in; null when nobody says.</param>
/// <param name="Address">His IP address; null when unknown.</param>
/// <param name="Latencies">Milliseconds to relays of regions, as he measured; empty when he did not.</param>
public sealed record Party(string Who, string? Declared, IPAddress? Address, ImmutableSortedDictionary<string, double> Latencies)
{
    /// <summary>Somebody of whom only the address is known, if that.</summary>
    public Party(string who, IPAddress? address) : this(who, null, address, ImmutableSortedDictionary<string, double>.Empty)
    {
    }
}
