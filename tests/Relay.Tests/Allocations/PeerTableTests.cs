using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Tests.Allocations;

public sealed class PeerTableTests
{
    private const long Permission = 3_000;
    private const long Channel = 6_000;
    private const long Reuse = 3_000;
    private static readonly TransportAddress A = TransportAddress.Parse("192.0.2.1:1000");
    private static readonly TransportAddress B = TransportAddress.Parse("192.0.2.2:1000");

    [Theory]
    [InlineData(0x4000, "A", 0, ChannelBindResult.Bound)]               // the same again: refreshed
    [InlineData(0x4001, "B", 0, ChannelBindResult.Bound)]               // another pair
    [InlineData(0x4000, "B", 0, ChannelBindResult.Conflict)]            // the number is another peer's
    [InlineData(0x4001, "A", 0, ChannelBindResult.Conflict)]            // the peer has another number
    [InlineData(0x4000, "B", Channel - 1, ChannelBindResult.Conflict)]
    [InlineData(0x4000, "B", Channel, ChannelBindResult.Conflict)]      // expired, but packets may be on their way
    [InlineData(0x4000, "B", Channel + Reuse - 1, ChannelBindResult.Conflict)]
    [InlineData(0x4000, "B", Channel + Reuse, ChannelBindResult.Bound)]
    [InlineData(0x4000, "A", Channel + 1, ChannelBindResult.Bound)]     // its own peer may have it back at once
    [InlineData(0x4001, "A", Channel, ChannelBindResult.Bound)]         // an expired channel holds no peer
    internal void Number_and_peer_matrix(int number, string peer, long after, ChannelBindResult expected)
    {
        var table = new PeerTable();
        Assert.Equal(ChannelBindResult.Bound, table.Bind(0x4000, A, PeerVerdict.Allowed, now: 0));
        Assert.Equal(expected, table.Bind((ushort)number, peer == "A" ? A : B, PeerVerdict.Allowed, after));
    }

    [Fact]
    public void Channel_installs_a_permission_that_ends_before_it()
    {
        var table = new PeerTable();
        table.Bind(0x4000, A, PeerVerdict.Allowed, 0);
        Assert.NotNull(table.FindPermission(A.WithPort(7), Permission - 1));
        Assert.Null(table.FindPermission(A, Permission));
        Assert.NotNull(table.FindChannel(0x4000, Channel - 1));
        Assert.Null(table.FindChannel(0x4000, Channel));
        Assert.Null(table.FindChannel(A, Channel));
        table.Permit(A, PeerVerdict.Allowed, Permission + 5);
        Assert.True(table.FindChannel(0x4000, Permission + 6)!.Permission.ExpiresTick > Permission + 6);
    }

    [Fact]
    public void Refresh_begins_the_five_minutes_again()
    {
        var table = new PeerTable();
        table.Permit(A, PeerVerdict.Allowed, 0);
        table.Permit(A, PeerVerdict.Allowed, 2_000);
        Assert.NotNull(table.FindPermission(A, 2_000 + Permission - 1));
        Assert.Single(table.Permissions);
    }

    [Fact]
    public void Permissions_are_bounded_and_expired_ones_make_room()
    {
        var table = new PeerTable();
        for (uint i = 0; i < PeerTable.MaxPermissions; i++)
        {
            Assert.True(table.HasRoomFor(1, 0));
            table.Permit(TransportAddress.FromIPv4(i, 0), PeerVerdict.Allowed, 0);
        }

        Assert.False(table.HasRoomFor(1, Permission - 1));
        Assert.True(table.HasRoomFor(PeerTable.MaxPermissions, Permission));
    }

    [Fact]
    public void Channels_are_bounded()
    {
        var table = new PeerTable();
        for (var i = 0; i < PeerTable.MaxChannels; i++)
        {
            Assert.Equal(ChannelBindResult.Bound, table.Bind((ushort)(0x4000 + i), A.WithPort((ushort)i), PeerVerdict.Allowed, 0));
        }

        Assert.Equal(ChannelBindResult.Full, table.Bind(0x4FFF, B, PeerVerdict.Allowed, 0));
        Assert.Equal(ChannelBindResult.Bound, table.Bind(0x4FFF, B, PeerVerdict.Allowed, Channel + Reuse));
    }
}
