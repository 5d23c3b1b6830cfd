using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Interfaces.Allocations;

/// <summary>Something that happened to an allocation on its relay. Never a media packet.</summary>
[GenerateSerializer, Immutable, Alias("ControlEvent")]
public abstract record ControlEvent
{
    /// <summary>The allocation it happened to.</summary>
    [Id(0)] public required AllocationId Allocation { get; init; }

    /// <summary>1 for the allocation's first event, one more for each next. An event whose number was seen changes nothing.</summary>
    [Id(1)] public required long Sequence { get; init; }

    /// <summary>When it happened, by the relay's clock.</summary>
    [Id(2)] public required DateTimeOffset At { get; init; }
}

/// <summary>A client got an allocation. Holds all that identifies it, so that it can be sent again for a grain that knows nothing.</summary>
[GenerateSerializer, Immutable, Alias("AllocationOpened")]
public sealed record AllocationOpened : ControlEvent
{
    /// <summary>Who pays.</summary>
    [Id(0)] public required TenantId Tenant { get; init; }

    /// <summary>The session the credential names, if any.</summary>
    [Id(1)] public SessionId? Session { get; init; }

    /// <summary>The token the credential is.</summary>
    [Id(2)] public required TokenId Token { get; init; }

    /// <summary>The session's endpoint the credential names; empty = none.</summary>
    [Id(3)] public string Endpoint { get; init; } = "";

    /// <summary>The credential's label; empty = none.</summary>
    [Id(4)] public string Label { get; init; } = "";

    /// <summary>The relay's region.</summary>
    [Id(5)] public required string Region { get; init; }

    /// <summary>The relay.</summary>
    [Id(6)] public required string RelayId { get; init; }

    /// <summary>The 5-tuple.</summary>
    [Id(7)] public required FiveTuple FiveTuple { get; init; }

    /// <summary>One relayed transport address, or one for each address family.</summary>
    [Id(8)] public required ImmutableArray<TransportAddress> RelayedTransportAddresses { get; init; }

    /// <summary>When it ends unless refreshed.</summary>
    [Id(9)] public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The client refreshed the allocation.</summary>
[GenerateSerializer, Immutable, Alias("AllocationRefreshed")]
public sealed record AllocationRefreshed : ControlEvent
{
    /// <summary>The new expiry.</summary>
    [Id(0)] public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The client has moved and kept the allocation (RFC 8016).</summary>
[GenerateSerializer, Immutable, Alias("AllocationMoved")]
public sealed record AllocationMoved : ControlEvent
{
    /// <summary>The new 5-tuple.</summary>
    [Id(0)] public required FiveTuple FiveTuple { get; init; }
}

/// <summary>The client installed or refreshed a permission for a peer address.</summary>
[GenerateSerializer, Immutable, Alias("PermissionInstalled")]
public sealed record PermissionInstalled : ControlEvent
{
    /// <summary>Text form of the peer's IP address; permissions know no port.</summary>
    [Id(0)] public required string PeerAddress { get; init; }

    /// <summary>When the permission ends.</summary>
    [Id(1)] public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The client bound or refreshed a channel.</summary>
[GenerateSerializer, Immutable, Alias("ChannelBound")]
public sealed record ChannelBound : ControlEvent
{
    /// <summary>Channel number.</summary>
    [Id(0)] public required int Channel { get; init; }

    /// <summary>The peer it stands for.</summary>
    [Id(1)] public required TransportAddress Peer { get; init; }

    /// <summary>When the binding ends.</summary>
    [Id(2)] public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The allocation's counters at one moment: running totals, never differences.</summary>
[GenerateSerializer, Immutable, Alias("UsageObserved")]
public sealed record UsageObserved : ControlEvent
{
    /// <summary>Totals since the allocation was opened.</summary>
    [Id(0)] public required UsageTotals Totals { get; init; }
}

/// <summary>The allocation ended; its last event.</summary>
[GenerateSerializer, Immutable, Alias("AllocationClosed")]
public sealed record AllocationClosed : ControlEvent
{
    /// <summary>Why it ended.</summary>
    [Id(0)] public required AllocationCloseReason Reason { get; init; }

    /// <summary>Final totals.</summary>
    [Id(1)] public required UsageTotals Totals { get; init; }
}

/// <summary>Why an allocation ended.</summary>
[GenerateSerializer, Alias("AllocationCloseReason")]
public enum AllocationCloseReason
{
    /// <summary>The client asked for it.</summary>
    Deleted,

    /// <summary>Its lifetime ended without a refresh.</summary>
    Expired,

    /// <summary>Its credential expired.</summary>
    CredentialExpired,

    /// <summary>An operator or the tenant ended it.</summary>
    Cut,

    /// <summary>Its credential was revoked.</summary>
    Revoked,

    /// <summary>The tenant is no longer active.</summary>
    TenantInactive,

    /// <summary>The client's TCP or TLS connection ended.</summary>
    ConnectionClosed,

    /// <summary>The relay stopped.</summary>
    RelayStopped,

    /// <summary>The relay died and came back without it.</summary>
    RelayRestarted,

    /// <summary>The relay came back and could not have its relayed transport address again.</summary>
    RelayedAddressLost,

    /// <summary>The tenant has relayed as many bytes as it may in this month.</summary>
    QuotaReached,

    /// <summary>It expired, and its relay did not come back to say so. Not final: a relay that does come back goes on from there.</summary>
    RelayLost,
}
