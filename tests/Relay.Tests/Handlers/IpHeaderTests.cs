using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Handlers;

/// <summary>IP header fields of relayed datagrams: the alternate behaviours of RFC 8656 §14 and §15, seen from the wire on both sides.</summary>
public sealed class IpHeaderTests
{
    // What the ends send with: few hops, expedited forwarding, ECT(0).
    private const int Hops = 9, Class = (46 << 2) | 2;

    [Theory]
    [InlineData(DatagramPathChoice.Batched, "127.0.0.1")]
    [InlineData(DatagramPathChoice.Batched, "::1")]
    [InlineData(DatagramPathChoice.Portable, "127.0.0.1")]
    [InlineData(DatagramPathChoice.Portable, "::1")]
    public async Task Relayed_datagrams_have_the_systems_hop_limit_and_no_DSCP_or_ECN_whatever_they_came_with(string path, string loopback)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads control messages of Linux");
        Assert.SkipUnless(path == DatagramPathChoice.Portable || DatagramPathChoice.HasBatched, "needs the batched path");
        var address = IPAddress.Parse(loopback);
        await using var relay = RelayFixture.Start(options =>
        {
            options.DatagramPath = path;
            options.ListenAddresses = [loopback];
            options.AllowPeers = ["127.0.0.0/8", "::1/128"];
        });

        using var peer = new HeaderSocket(address);
        peer.Mark(Hops, Class);
        var server = TransportAddress.From(new IPEndPoint(address, relay.Options.Port));
        using var nat = new MarkingNat(server, Hops, Class);
        await using var client = await relay.ConnectAsync(change: options => options with { Server = nat.Inside.ToIPEndPoint() });
        var relayed = (await client.AllocateAsync(new AllocateOptions { Family = peer.Address.Family })).Relayed;
        await client.CreatePermissionAsync(peer.Address);
        foreach (var channel in new[] { false, true })
        {
            if (channel)
            {
                await client.BindChannelAsync(peer.Address);
            }

            await client.SendAsync(peer.Address, new byte[] { 2 });
            var (data, from, hops, @class) = await peer.ReceiveAsync();
            Assert.Equal([2], data);
            Assert.Equal((relayed, DefaultHops(address), 0), (from, hops, @class));
            peer.Send([3], relayed);
            Assert.Equal([3], (await client.NextAsync("the peer's data")).Data.ToArray());
        }

        // All that the relay sent to its client: responses, a Data indication, ChannelData.
        Assert.Equal([(DefaultHops(address), 0)], nat.SeenFromServer.Distinct());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task What_these_tests_mark_arrives_marked_where_nothing_relays(string loopback)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads control messages of Linux");
        using var one = new HeaderSocket(IPAddress.Parse(loopback));
        using var other = new HeaderSocket(IPAddress.Parse(loopback));
        one.Mark(Hops, Class);
        one.Send([1], other.Address);
        var (data, from, hops, @class) = await other.ReceiveAsync();
        Assert.Equal([1], data);
        Assert.Equal((one.Address, Hops, Class), (from, hops, @class));
    }

    private static int DefaultHops(IPAddress address) => int.Parse(
        File.ReadAllText(address.AddressFamily == AddressFamily.InterNetwork ? "/proc/sys/net/ipv4/ip_default_ttl" : "/proc/sys/net/ipv6/conf/lo/hop_limit"),
        System.Globalization.CultureInfo.InvariantCulture);
}
