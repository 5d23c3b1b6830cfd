namespace NetDiscovery.Client.Models;

/// <summary>A relay, as an operator sees it.</summary>
/// <param name="Id">Its stable name.</param>
/// <param name="Region">Its region.</param>
/// <param name="Healthy">True when it was heard of within the last three seconds.</param>
/// <param name="Draining">True when it takes no new allocations.</param>
/// <param name="Allocations">Live allocations.</param>
/// <param name="Capacity">Relayed ports for each address.</param>
/// <param name="Load">Share of the ports in use, 0 to 1.</param>
/// <param name="PacketsPerSecond">Relayed packets, both directions.</param>
/// <param name="LastSeenAt">Last sign of life.</param>
/// <param name="Version">Product version.</param>
/// <param name="Listeners">What clients connect to.</param>
/// <param name="RelayedAddresses">IP addresses of its relayed transport addresses.</param>
public sealed record RelayStatus(
    string Id, string Region, bool Healthy, bool Draining, int Allocations, int Capacity, double Load, long PacketsPerSecond, DateTimeOffset LastSeenAt, string Version,
    IReadOnlyList<RelayListener> Listeners, IReadOnlyList<string> RelayedAddresses);

/// <summary>One address of a relay that clients connect to.</summary>
/// <param name="Transport"><c>udp</c>, <c>tcp</c>, <c>tls</c> or <c>dtls</c>.</param>
/// <param name="Host">Name or IP address.</param>
/// <param name="Port">Port.</param>
public sealed record RelayListener(string Transport, string Host, int Port);

/// <summary>A region.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Healthy">True when at least one of its relays takes clients.</param>
/// <param name="Relays">Relays known.</param>
/// <param name="RelaysHealthy">Relays that take clients now.</param>
/// <param name="Allocations">Live allocations.</param>
/// <param name="Capacity">Relayed ports of the relays that take clients.</param>
public sealed record RegionStatus(string Name, bool Healthy, int Relays, int RelaysHealthy, long Allocations, long Capacity);

/// <summary>A process of the platform.</summary>
/// <param name="Service"><c>gateway</c>, <c>silo</c> or <c>relay</c>.</param>
/// <param name="Id">Which one.</param>
/// <param name="Region">Where.</param>
/// <param name="Healthy">True when it works.</param>
/// <param name="Status">In a word or a sentence.</param>
/// <param name="Version">Product version, where known.</param>
public sealed record ServiceStatus(string Service, string Id, string Region, bool Healthy, string Status, string? Version);
