using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Tests.Allocations;

/// <summary>Makes the events of one allocation, each with the next sequence number and at a time of its own.</summary>
internal sealed class TestEvents
{
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private long sequence;

    public AllocationId Id { get; } = new(Guid.NewGuid());

    public TenantId Tenant { get; init; } = TenantId.New();

    public SessionId Session { get; init; } = SessionId.New("eu");

    public string RelayId { get; init; } = "relay-1";

    /// <summary>When the next event happens; moves by a second with each.</summary>
    public DateTimeOffset Now { get; set; } = Start;

    public AllocationOpened Opened() => Next(new AllocationOpened
    {
        Allocation = Id, Sequence = 0, At = Now, Tenant = Tenant, Session = Session, Token = new TokenId(Guid.Empty), Endpoint = "alice", Label = "label",
        Region = "eu", RelayId = RelayId,
        FiveTuple = new FiveTuple(new TransportAddress("192.0.2.7", 5000), new TransportAddress("192.0.2.1", 3478), Transport.Tls),
        RelayedTransportAddresses = [new TransportAddress("192.0.2.1", 50_000), new TransportAddress("2001:db8::1", 50_001)],
        ExpiresAt = Now.AddMinutes(10),
    });

    public AllocationRefreshed Refreshed() => Next(new AllocationRefreshed { Allocation = Id, Sequence = 0, At = Now, ExpiresAt = Now.AddMinutes(10) });

    public PermissionInstalled Permission(string peer = "198.51.100.1", int seconds = 300) =>
        Next(new PermissionInstalled { Allocation = Id, Sequence = 0, At = Now, PeerAddress = peer, ExpiresAt = Now.AddSeconds(seconds) });

    public AllocationMoved Moved(int port = 6000) =>
        Next(new AllocationMoved { Allocation = Id, Sequence = 0, At = Now, FiveTuple = new FiveTuple(new TransportAddress("198.51.100.9", port), new TransportAddress("192.0.2.1", 3478), Transport.Tcp) });

    public ChannelBound Channel(int number = 0x4000, int port = 9000, int seconds = 600) => Next(new ChannelBound
    {
        Allocation = Id, Sequence = 0, At = Now, Channel = number, Peer = new TransportAddress("198.51.100.1", port), ExpiresAt = Now.AddSeconds(seconds),
    });

    public UsageObserved Usage(long bytes) => Next(new UsageObserved { Allocation = Id, Sequence = 0, At = Now, Totals = Totals(bytes) });

    public AllocationClosed Closed(long bytes, AllocationCloseReason reason = AllocationCloseReason.Deleted) =>
        Next(new AllocationClosed { Allocation = Id, Sequence = 0, At = Now, Reason = reason, Totals = Totals(bytes) });

    public static UsageTotals Totals(long bytes) => new() { BytesFromClient = bytes, BytesToPeer = bytes, PacketsFromClient = bytes, PacketsToPeer = bytes };

    private T Next<T>(T happened) where T : ControlEvent
    {
        Now += TimeSpan.FromSeconds(1);
        return happened with { Sequence = ++sequence };
    }
}
