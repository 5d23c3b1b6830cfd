using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Tests.Storage.Allocations;

/// <summary>Makes allocations as grains store them.</summary>
internal static class TestAllocation
{
    public static DateTimeOffset Opened { get; } = new(2026, 3, 14, 10, 0, 0, 123, TimeSpan.Zero);

    public static AllocationState State(AllocationId id, TenantId tenant, SessionId? session = null, DateTimeOffset? expiresAt = null, DateTimeOffset? closedAt = null) => new()
    {
        Allocation = new Allocation
        {
            Id = id,
            Tenant = tenant,
            Session = session,
            Token = TokenId.New(),
            Label = "agent-7",
            Region = "local",
            RelayId = "relay-1",
            FiveTuple = new FiveTuple(new TransportAddress("2001:db8::1", 50000), new TransportAddress("192.0.2.1", 3478), Transport.Udp),
            RelayedTransportAddresses = [new TransportAddress("192.0.2.1", 49152)],
            OpenedAt = Opened,
            ExpiresAt = expiresAt ?? Opened.AddMinutes(10),
            ClosedAt = closedAt,
            CloseReason = closedAt is null ? null : AllocationCloseReason.Expired,
            Totals = new UsageTotals { BytesToPeer = 5 },
        },
    };

    /// <summary>Ids in order of text.</summary>
    public static AllocationId[] Ids(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => AllocationId.From(Guid.NewGuid())).OrderBy(id => id.ToString(), StringComparer.Ordinal)];
}
