using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.Relay.Tests.PeerConnections;

namespace NetDiscovery.Relay.Tests.Hostile;

/// <summary>Safety: forbidden peers are refused by every method that names one, on every transport.</summary>
public sealed class PeerRuleTests
{
    private static readonly string[] ForbiddenIPv4 =
    [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.2", "168.63.129.16", "169.254.169.254", "172.16.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
        "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    ];

    private static readonly string[] ForbiddenIPv6 =
    [
        "::", "::1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::1", "3fff::1", "5f00::1",
        "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1",
    ];

    public static TheoryData<ClientTransport> Transports => [ClientTransport.Udp, ClientTransport.Tcp, ClientTransport.Tls, ClientTransport.Dtls];

    public static TheoryData<ClientTransport> Streams => [ClientTransport.Tcp, ClientTransport.Tls];

    [Theory, MemberData(nameof(Transports))]
    public async Task Forbidden_peers_get_no_permission_no_channel_and_no_datagram(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start(options => (options.AllowPeers, options.ListenAddresses) = ([], ["127.0.0.1", "::1"]));
        await using var client = await relay.ConnectAsync(transport);
        Assert.Equal(0, await client.AllocateCodeAsync((ref StunWriter w) => w.Add(new AdditionalAddressFamily(IPFamily.IPv6))));
        foreach (var peer in ForbiddenIPv4.Select(text => $"{text}:9").Concat(ForbiddenIPv6.Select(text => $"[{text}]:9")).Append($"127.0.0.1:{relay.Options.Port}").Append("127.0.0.1:22"))
        {
            var address = TransportAddress.Parse(peer);
            Assert.True(await client.PermitCodeAsync(address) == 403, $"CreatePermission for {peer}");
            Assert.True(await client.BindCodeAsync(0x4000, address) == 403, $"ChannelBind to {peer}");
            await client.SendRawAsync(SendIndication(address));
        }

        // Answered after all of the indications: none of them went anywhere.
        Assert.Equal(0, await client.CodeAsync(StunMethod.Refresh));
        Assert.Equal(0, relay.SingleAllocation().Counters.PacketsToPeer);
        Assert.Empty(relay.SingleAllocation().Peers.Permissions);
        Assert.Empty(relay.SingleAllocation().Peers.Channels);
    }

    [Theory, MemberData(nameof(Streams))]
    public async Task Forbidden_peers_get_no_connection(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start(options => options.AllowPeers = []);
        await using var client = await relay.ConnectStreamAsync(transport);
        await client.AllocateAsync(TcpRelay.Asked);
        foreach (var peer in ForbiddenIPv4.Select(text => $"{text}:9").Append($"127.0.0.1:{relay.Options.Port}").Append("127.0.0.1:22"))
        {
            Assert.True(await client.ConnectCodeAsync(TransportAddress.Parse(peer)) == 403, $"Connect to {peer}");
        }

        Assert.Equal(0, relay.Server.Services.PeerConnections.Open);
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task Two_clients_of_one_relay_meet_at_their_relayed_addresses_and_nowhere_else_on_it(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start(options => options.AllowPeers = []);
        await using var one = await relay.ConnectAsync(transport);
        await using var other = await relay.ConnectAsync(transport);
        var first = (await one.AllocateAsync()).Relayed;
        var second = (await other.AllocateAsync()).Relayed;
        Assert.Equal(0, await one.PermitCodeAsync(second));
        await other.BindChannelAsync(first);
        await one.SendAsync(second, new byte[] { 1, 2, 3 });
        var received = await other.NextAsync("the first client's data");
        Assert.Equal((first, 3), (received.Peer, received.Data.Length));
        await other.SendAsync(first, new byte[] { 4 });
        Assert.Equal(second, (await one.NextAsync("the answer")).Peer);
        await other.RefreshAsync(0);
        Assert.Equal(403, await one.BindCodeAsync(0x4001, second));
    }

    private static byte[] SendIndication(TransportAddress peer)
    {
        var bytes = new byte[128];
        var writer = new StunWriter(bytes, StunMethod.Send, StunClass.Indication, TransactionId.NewRandom());
        writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
        writer.Add(AttributeType.Data, "forbidden"u8);
        return bytes[..writer.Finish()];
    }
}
