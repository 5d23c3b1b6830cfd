using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;

namespace NetDiscovery.Gateway.Allocations;

/// <summary>An allocation. Addresses are written as <c>192.0.2.1:49152</c> or <c>[2001:db8::1]:49152</c>.</summary>
/// <param name="Id"><c>AL</c> and 32 hexadecimal digits.</param>
/// <param name="Tenant">Who pays.</param>
/// <param name="Session">The session; null = none.</param>
/// <param name="Token">The token it was made with.</param>
/// <param name="Endpoint">The session's endpoint; empty = none.</param>
/// <param name="Label">The token's label; empty = none.</param>
/// <param name="Region">The relay's region.</param>
/// <param name="Relay">The relay.</param>
/// <param name="FiveTuple">The 5-tuple.</param>
/// <param name="RelayedTransportAddresses">Its relayed transport addresses.</param>
/// <param name="OpenedAt">When it was opened.</param>
/// <param name="ExpiresAt">When it ends unless refreshed.</param>
/// <param name="ClosedAt">When it ended; null while alive.</param>
/// <param name="CloseReason">Why it ended; null while alive.</param>
/// <param name="Permissions">Peers it may exchange data with.</param>
/// <param name="Channels">Bound channels.</param>
/// <param name="Counters">What was counted at the last report, a few seconds old.</param>
public sealed record AllocationResponse(
    string Id, string Tenant, string? Session, string Token, string Endpoint, string Label, string Region, string Relay, FiveTupleResponse FiveTuple,
    IReadOnlyList<string> RelayedTransportAddresses, DateTimeOffset OpenedAt, DateTimeOffset ExpiresAt, DateTimeOffset? ClosedAt, AllocationCloseReason? CloseReason,
    IReadOnlyList<PermissionResponse> Permissions, IReadOnlyList<ChannelResponse> Channels, UsageCounts Counters)
{
    /// <summary>What the API shows of <paramref name="allocation"/>.</summary>
    public static AllocationResponse From(Allocation allocation) => new(
        allocation.Id.ToString(), allocation.Tenant.ToString(), allocation.Session?.ToString(), allocation.Token.ToString(), allocation.Endpoint, allocation.Label,
        allocation.Region, allocation.RelayId,
        new FiveTupleResponse(allocation.FiveTuple.Client.ToString(), allocation.FiveTuple.Server.ToString(), allocation.FiveTuple.Transport.Name()),
        [.. allocation.RelayedTransportAddresses.Select(static address => address.ToString())],
        allocation.OpenedAt, allocation.ExpiresAt, allocation.ClosedAt, allocation.CloseReason,
        [.. allocation.Permissions.Select(static permission => new PermissionResponse(permission.Key, permission.Value))],
        [.. allocation.Channels.Select(static channel => new ChannelResponse(channel.Number, channel.Peer.ToString(), channel.ExpiresAt))],
        UsageCounts.Of(allocation.Totals));
}

/// <summary>A 5-tuple (RFC 8656 §3).</summary>
public sealed record FiveTupleResponse(string Client, string Server, string Transport);

/// <summary>A permission: the peer's IP address.</summary>
public sealed record PermissionResponse(string Peer, DateTimeOffset ExpiresAt);

/// <summary>A bound channel: its number and the peer's transport address.</summary>
public sealed record ChannelResponse(int Number, string Peer, DateTimeOffset ExpiresAt);
