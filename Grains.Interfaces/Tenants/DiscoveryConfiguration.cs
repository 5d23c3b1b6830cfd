using System.Collections.Immutable;

namespace NetDiscovery.Grains.Interfaces.Tenants;

/// <summary>What a tenant configures about discovery and relaying. The API body, the stored state and the wire record are this one type.</summary>
[GenerateSerializer, Immutable, Alias("DiscoveryConfiguration")]
public sealed record DiscoveryConfiguration
{
    /// <summary>The configuration of a tenant that set nothing.</summary>
    public static DiscoveryConfiguration Default { get; } = new();

    /// <summary>Grows by one with each change; 1 for <see cref="Default"/>. The API's ETag. Set by the grain, ignored in a request.</summary>
    [Id(0)] public long Version { get; init; } = 1;

    /// <summary>Lifetime of minted tokens.</summary>
    [Id(1)] public TokenTtl TokenTtlSeconds { get; init; } = new();

    /// <summary>Regions the tenant's sessions and relays may be in; empty = all.</summary>
    [Id(2)] public ImmutableArray<string> Regions { get; init; } = [];

    /// <summary>Transports offered to clients and accepted by relays: <c>udp</c>, <c>tcp</c>, <c>tls</c>, <c>dtls</c>. At least one.</summary>
    [Id(3)] public ImmutableArray<string> Transports { get; init; } = ["udp", "tcp", "tls", "dtls"];

    /// <summary><c>prefer-direct</c>, <c>relay-only</c> or <c>direct</c>.</summary>
    [Id(4)] public string Decision { get; init; } = "prefer-direct";

    /// <summary>Peer addresses, beyond the relay operator's rules.</summary>
    [Id(5)] public PeerRules Peers { get; init; } = new();

    /// <summary>Limits; null = none.</summary>
    [Id(6)] public Quotas Quotas { get; init; } = new();

    /// <summary>Where events and decisions are sent.</summary>
    [Id(7)] public Callbacks Callbacks { get; init; } = new();

    /// <summary>Application-logic URI by endpoint name.</summary>
    [Id(8)] public ImmutableSortedDictionary<string, string> Endpoints { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>Token lifetime, in seconds.</summary>
[GenerateSerializer, Immutable, Alias("TokenTtl")]
public sealed record TokenTtl
{
    /// <summary>Used when the request names none; 1 to <see cref="Max"/>.</summary>
    [Id(0)] public int Default { get; init; } = 86_400;

    /// <summary>A request for more is refused; 1 to 172,800 (48 hours).</summary>
    [Id(1)] public int Max { get; init; } = 86_400;
}

/// <summary>Peer rules of a tenant, as CIDR blocks. A denied peer is refused even where allowed; an allow list, when not empty, admits only what it names. Neither can open what the relay's operator closed.</summary>
[GenerateSerializer, Immutable, Alias("PeerRules")]
public sealed record PeerRules
{
    /// <summary>When not empty, only these may be peers.</summary>
    [Id(0)] public ImmutableArray<string> Allow { get; init; } = [];

    /// <summary>These may not.</summary>
    [Id(1)] public ImmutableArray<string> Deny { get; init; } = [];
}

/// <summary>Limits of a tenant; null = no limit.</summary>
[GenerateSerializer, Immutable, Alias("Quotas")]
public sealed record Quotas
{
    /// <summary>Allocations alive at once, over all relays.</summary>
    [Id(0)] public int? ConcurrentAllocations { get; init; }

    /// <summary>Allocations alive at once with one credential.</summary>
    [Id(1)] public int? ConcurrentAllocationsPerCredential { get; init; }

    /// <summary>Bytes to and from peers in a calendar month (UTC).</summary>
    [Id(2)] public long? RelayedBytesPerMonth { get; init; }

    /// <summary><c>refuse</c> or <c>notify</c>: what reaching <see cref="RelayedBytesPerMonth"/> does.</summary>
    [Id(3)] public string OnQuota { get; init; } = "refuse";

    /// <summary>Bandwidth of one allocation, bits per second, each direction.</summary>
    [Id(4)] public long? BitsPerSecondPerAllocation { get; init; }

    /// <summary>Bandwidth of the tenant, bits per second, each direction.</summary>
    [Id(5)] public long? BitsPerSecond { get; init; }

    /// <summary>New allocations a second at each relay, ten times as many at once; null = what the relay's operator gives every tenant. Only the platform's operator changes it.</summary>
    [Id(6)] public int? AllocatesPerSecondPerRelay { get; init; }
}

/// <summary>Values of <see cref="Quotas.OnQuota"/>.</summary>
public static class QuotaActions
{
    /// <summary>New allocations get 486, live ones end.</summary>
    public const string Refuse = "refuse";

    /// <summary>Relaying goes on; that the limit was reached is recorded.</summary>
    public const string Notify = "notify";
}

/// <summary>Where the platform calls the tenant's servers.</summary>
[GenerateSerializer, Immutable, Alias("Callbacks")]
public sealed record Callbacks
{
    /// <summary>Receives events; https, or http in development.</summary>
    [Id(0)] public string? EventUrl { get; init; }

    /// <summary>Asked for each session's decision.</summary>
    [Id(1)] public string? DecisionUrl { get; init; }

    /// <summary>How long <see cref="DecisionUrl"/> may take; 100 to 10,000 milliseconds.</summary>
    [Id(2)] public int DecisionTimeoutMs { get; init; } = 2_000;

    /// <summary>What holds when it does not answer in time: <c>allow</c>, <c>deny</c> or <c>relay</c>.</summary>
    [Id(3)] public string OnDecisionTimeout { get; init; } = "allow";
}
