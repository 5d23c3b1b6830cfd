using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Handlers;

public sealed class LifetimeTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(null, 600u)]
    [InlineData(1u, 600u)]
    [InlineData(600u, 600u)]
    [InlineData(1800u, 1800u)]
    [InlineData(3600u, 3600u)]
    [InlineData(uint.MaxValue, 3600u)]
    public async Task Lifetime_lies_between_600_and_3600_seconds(uint? asked, uint granted)
    {
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectAsync();
        Assert.Equal(granted, (await client.AllocateAsync(new AllocateOptions { LifetimeSeconds = asked })).LifetimeSeconds);
        Assert.Equal(granted, (await client.RefreshAsync(asked)).LifetimeSeconds);
    }

    [Fact]
    public async Task Allocation_ends_with_its_lifetime_and_gives_back_its_port()
    {
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        time.Advance(TimeSpan.FromSeconds(599));
        Assert.Equal(1, relay.Server.Allocations);
        time.Advance(TimeSpan.FromSeconds(1.2));
        Assert.Equal(0, relay.Server.Allocations);
        Assert.Equal(16_384, relay.FreePorts);
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationClosed>().Any(e => e.Reason == AllocationCloseReason.Expired), "the report");
        Assert.Equal(437, await client.CodeAsync(Protocol.Registries.StunMethod.Refresh));
    }

    [Fact]
    public async Task Refresh_moves_the_end()
    {
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        time.Advance(TimeSpan.FromSeconds(500));
        await client.RefreshAsync(600);
        time.Advance(TimeSpan.FromSeconds(598));
        Assert.Equal(1, relay.Server.Allocations);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(0, relay.Server.Allocations);
    }

    [Fact]
    public async Task Refresh_to_a_shorter_lifetime_ends_the_allocation_then()
    {
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync(new AllocateOptions { LifetimeSeconds = 3600 });
        Assert.Equal(600u, (await client.RefreshAsync(600)).LifetimeSeconds);
        time.Advance(TimeSpan.FromSeconds(599));
        Assert.Equal(1, relay.Server.Allocations);
        time.Advance(TimeSpan.FromSeconds(1.2));
        Assert.Equal(0, relay.Server.Allocations);
    }

    [Fact]
    public async Task Credentials_end_caps_the_lifetime_and_ends_the_allocation()
    {
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectAsync(credential: relay.Mint(TimeSpan.FromSeconds(90)));
        Assert.InRange((await client.AllocateAsync()).LifetimeSeconds, 89u, 90u);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.InRange((await client.RefreshAsync(600)).LifetimeSeconds, 29u, 30u);
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(0, relay.Server.Allocations);
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationClosed>().Any(e => e.Reason == AllocationCloseReason.CredentialExpired), "the report");
    }

    [Fact]
    public async Task Permission_ends_after_300_seconds_and_channel_after_600()
    {
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        using var other = new Peer(System.Net.IPAddress.Parse("127.0.0.3"));
        await client.AllocateAsync(new AllocateOptions { LifetimeSeconds = 3600 });
        await client.BindChannelAsync(peer.Address, 0x4000);
        await client.CreatePermissionAsync(other.Address);
        time.Advance(TimeSpan.FromSeconds(299));
        await client.SendAsync(peer.Address, new byte[] { 1 });
        Assert.Equal([1], (await peer.ReceiveAsync()).Data);
        time.Advance(TimeSpan.FromSeconds(1.2));

        // The channel lives, its permission does not.
        await client.SendAsync(peer.Address, new byte[] { 2 });
        await client.SendAsync(other.Address, new byte[] { 2 });
        await client.CreatePermissionAsync(peer.Address);
        await client.SendAsync(peer.Address, new byte[] { 3 });
        Assert.Equal([3], (await peer.ReceiveAsync()).Data);
        Assert.True(other.IsQuiet);

        // Expired, the number waits 5 minutes more before it means another peer.
        time.Advance(TimeSpan.FromSeconds(300));
        Assert.Equal(400, await client.BindCodeAsync(0x4000, other.Address));
        time.Advance(TimeSpan.FromSeconds(300));
        Assert.Equal(0, await client.BindCodeAsync(0x4000, other.Address));
    }

    [Fact]
    public async Task Reserved_port_is_free_again_after_30_seconds()
    {
        await using var relay = RelayFixture.Start(time: time);
        await using var client = await relay.ConnectAsync();
        var allocated = await client.AllocateAsync(new AllocateOptions { EvenPortReserveNext = true });
        Assert.Equal(16_382, relay.FreePorts);
        time.Advance(TimeSpan.FromSeconds(30.2));
        Assert.Equal(16_383, relay.FreePorts);
        await using var late = await relay.ConnectAsync();
        Assert.Equal(508, await late.AllocateCodeAsync((ref Protocol.Stun.StunWriter w) => w.Add(new Protocol.Attributes.ReservationToken(allocated.ReservationToken!.Value))));
    }
}
