namespace NetDiscovery.Client.Models;

/// <summary>An allocation on a relay. Addresses are written as <c>192.0.2.1:49152</c> or <c>[2001:db8::1]:49152</c>.</summary>
/// <param name="Id"><c>AL</c> and 32 hexadecimal digits.</param>
/// <param name="Tenant">Who pays.</param>
/// <param name="Session">The session; null = none.</param>
/// <param name="Token">The token it was made with.</param>
/// <param name="Label">The token's label; empty = none.</param>
/// <param name="Region">The relay's region.</param>
/// <param name="Relay">The relay.</param>
/// <param name="FiveTuple">Client, server and transport.</param>
/// <param name="RelayedTransportAddresses">Its relayed transport addresses.</param>
/// <param name="OpenedAt">When it was opened.</param>
/// <param name="ExpiresAt">When it ends unless refreshed.</param>
/// <param name="ClosedAt">When it ended; null while alive.</param>
/// <param name="CloseReason">Why it ended; null while alive.</param>
/// <param name="Counters">What was counted at the last report.</param>
public sealed record Allocation(
    string Id, string Tenant, string? Session, string Token, string Label, string Region, string Relay, FiveTuple FiveTuple,
    IReadOnlyList<string> RelayedTransportAddresses, DateTimeOffset OpenedAt, DateTimeOffset ExpiresAt, DateTimeOffset? ClosedAt, string? CloseReason, UsageCounts Counters);

/// <summary>A 5-tuple (RFC 8656 §3).</summary>
public sealed record FiveTuple(string Client, string Server, string Transport);
