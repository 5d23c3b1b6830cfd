using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Listeners;

public sealed class ConnectionLimitsTests
{
    [Fact]
    public void Connections_are_limited_in_all_and_from_one_source_and_closed_ones_make_room()
    {
        var limits = new ConnectionLimits(5, 3);
        var one = TransportAddress.Parse("9.9.9.9:1");
        Assert.Equal([null, null, null, "connections-per-source"], Enumerable.Range(0, 4).Select(_ => limits.TryOpen(one)));
        var others = Enumerable.Range(0, 3).Select(i => TransportAddress.FromIPv4(0x0A000000 + (uint)i, 1)).ToList();
        Assert.Equal([null, null, "connections"], others.Select(other => limits.TryOpen(other)));
        limits.Close(one);
        Assert.Null(limits.TryOpen(one));
        Assert.Equal("connections", limits.TryOpen(others[2]));
        Assert.Equal(5, limits.Open);
    }

    [Fact]
    public void Strangers_together_may_have_a_quarter_of_the_bytes_queued_for_slow_readers()
    {
        const int Piece = 1 << 20;
        var limits = new ConnectionLimits(10, 10);
        var strangers = Enumerable.Range(0, 1_000).Count(_ => limits.TryBuffer(Piece, trusted: false));
        Assert.Equal(ConnectionLimits.MaxBufferedBytes / 4 / Piece, strangers);
        var clients = Enumerable.Range(0, 1_000).Count(_ => limits.TryBuffer(Piece, trusted: true));
        Assert.Equal(ConnectionLimits.MaxBufferedBytes / Piece, strangers + clients);
        limits.Unbuffer(Piece);
        Assert.True(limits.TryBuffer(Piece, trusted: true));
    }
}
