using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Tests.RelayedAddresses;

public sealed class PeerPolicyTests
{
    [Theory]
    [InlineData("8.8.8.8:1", true)]
    [InlineData("0.0.0.0:1", false)]
    [InlineData("0.1.2.3:1", false)]
    [InlineData("10.1.2.3:1", false)]
    [InlineData("100.63.255.255:1", true)]
    [InlineData("100.64.0.1:1", false)]
    [InlineData("100.127.255.255:1", false)]
    [InlineData("100.128.0.0:1", true)]
    [InlineData("127.0.0.2:1", false)]
    [InlineData("169.254.169.254:80", false)]
    [InlineData("172.15.255.255:1", true)]
    [InlineData("172.16.0.1:1", false)]
    [InlineData("172.31.255.255:1", false)]
    [InlineData("172.32.0.0:1", true)]
    [InlineData("192.0.0.8:1", false)]
    [InlineData("192.0.2.1:1", false)]
    [InlineData("192.168.1.1:1", false)]
    [InlineData("198.18.0.1:1", false)]
    [InlineData("198.19.255.255:1", false)]
    [InlineData("198.51.100.7:1", false)]
    [InlineData("203.0.113.7:1", false)]
    [InlineData("224.0.0.1:1", false)]
    [InlineData("239.255.255.255:1", false)]
    [InlineData("240.0.0.1:1", false)]
    [InlineData("255.255.255.255:1", false)]
    [InlineData("[2600::1]:1", true)]
    [InlineData("[::]:1", false)]
    [InlineData("[::1]:1", false)]
    [InlineData("[::ffff:8.8.8.8]:1", false)]
    [InlineData("[::ffff:127.0.0.1]:1", false)]
    [InlineData("[::127.0.0.1]:1", false)]
    [InlineData("[::10.0.0.1]:1", false)]
    [InlineData("[fc00::1]:1", false)]
    [InlineData("[fdff::1]:1", false)]
    [InlineData("[fe80::1]:1", false)]
    [InlineData("[fec0::1]:1", false)]
    [InlineData("[ff02::1]:1", false)]
    [InlineData("[2001:db8::1]:1", false)]
    [InlineData("[100::1]:1", false)]
    [InlineData("[2002:7f00:1::]:1", false)]
    [InlineData("[2002:a00:1::]:1", false)]
    [InlineData("[2002:808:808::1]:1", true)]
    [InlineData("[2001:0:7f00:1::1]:1", false)]
    [InlineData("[64:ff9b::10.0.0.1]:1", false)]
    [InlineData("[64:ff9b::8.8.8.8]:1", true)]
    [InlineData("[64:ff9b:1::8.8.8.8]:1", false)]
    [InlineData("[2600::5efe:10.0.0.1]:1", false)]
    [InlineData("168.63.129.16:80", false)]
    [InlineData("168.63.129.17:80", true)]
    [InlineData("100.100.100.200:80", false)]
    [InlineData("[fd00:ec2::254]:80", false)]
    [InlineData("[64:ff9b::169.254.169.254]:80", false)]
    [InlineData("[2002:a9fe:a9fe::1]:80", false)]
    [InlineData("[::8.8.8.8]:1", false)]
    [InlineData("[::ffff:0:8.8.8.8]:1", false)]
    [InlineData("[1::1]:1", false)]
    [InlineData("[4000::1]:1", false)]
    [InlineData("[5f00::1]:1", false)]
    [InlineData("[8000::1]:1", false)]
    [InlineData("[3ffe::1]:1", false)]
    [InlineData("[2620:4f:8000::1]:1", false)]
    [InlineData("[2a00:1450:4001::1]:1", true)]
    public void Special_addresses_are_denied_by_default(string peer, bool allowed) =>
        Assert.Equal(allowed ? PeerVerdict.Allowed : PeerVerdict.Denied, Policy().Judge(TransportAddress.Parse(peer), PeerLimits.None));

    [Theory]
    [InlineData("10.1.2.3:1", PeerVerdict.Allowed)]
    [InlineData("10.9.0.1:1", PeerVerdict.Denied)]
    [InlineData("8.8.8.8:1", PeerVerdict.Denied)]
    [InlineData("[2002:a01:203::]:1", PeerVerdict.Allowed)]
    [InlineData("[64:ff9b::8.8.8.8]:1", PeerVerdict.Denied)]
    internal void Operator_opens_the_default_and_a_deny_wins(string peer, PeerVerdict expected)
    {
        var policy = Policy(allow: ["10.0.0.0/8"], deny: ["10.9.0.0/16", "8.8.8.0/24"]);
        Assert.Equal(expected, policy.Judge(TransportAddress.Parse(peer), PeerLimits.None));
    }

    [Theory]
    [InlineData("9.9.9.9:1", true)]
    [InlineData("9.9.9.8:1", false)]
    [InlineData("8.8.8.8:1", false)]
    [InlineData("10.0.0.1:1", false)]
    public void Tenant_narrows_and_never_opens(string peer, bool allowed)
    {
        var limits = new PeerLimits(Blocks("9.0.0.0/8", "10.0.0.0/8"), Blocks("9.9.9.8"), AddressBlockSet.Empty);
        Assert.Equal(allowed, Policy().Judge(TransportAddress.Parse(peer), limits) == PeerVerdict.Allowed);
    }

    [Fact]
    public void Credential_peers_hold_beside_the_tenants()
    {
        var limits = new PeerLimits(AddressBlockSet.Empty, AddressBlockSet.Empty, Blocks("9.9.9.9"));
        Assert.Equal(PeerVerdict.Allowed, Policy().Judge(TransportAddress.Parse("9.9.9.9:1"), limits));
        Assert.Equal(PeerVerdict.Denied, Policy().Judge(TransportAddress.Parse("9.9.9.8:1"), limits));
    }

    [Fact]
    public void Own_relayed_port_is_open_only_while_it_is_taken()
    {
        var pool = new PortPool(50_000, 50_010);
        var policy = Policy(pool: pool);
        Assert.True(pool.TryTake(PortParity.Any, out var port));
        var neighbour = TransportAddress.Parse("127.0.0.1:1").WithPort(port);
        Assert.Equal(PeerVerdict.OwnAddress, policy.Judge(neighbour, PeerLimits.None));
        Assert.Equal(PeerVerdict.Denied, policy.Judge(neighbour.WithPort((ushort)(port == 50_000 ? 50_001 : 50_000)), PeerLimits.None));
        Assert.Equal(PeerVerdict.Denied, policy.Judge(neighbour.WithPort(22), PeerLimits.None));
        pool.Release(port);
        Assert.Equal(PeerVerdict.Denied, policy.Judge(neighbour, PeerLimits.None));
        Assert.False(policy.IsOwnPortOpen(neighbour));
    }

    [Fact]
    public void Listener_ports_stay_closed_even_where_the_operator_opens_the_address()
    {
        var policy = Policy(allow: ["127.0.0.0/8"]);
        Assert.Equal(PeerVerdict.Denied, policy.Judge(TransportAddress.Parse("127.0.0.1:3478"), PeerLimits.None));
        Assert.Equal(PeerVerdict.OwnAddress, policy.Judge(TransportAddress.Parse("127.0.0.1:4000"), PeerLimits.None));
        Assert.False(policy.IsOwnPortOpen(TransportAddress.Parse("127.0.0.1:3478")));
    }

    [Theory]
    [InlineData(false, PeerVerdict.Denied)]
    [InlineData(true, PeerVerdict.OwnAddress)]
    internal void Other_services_of_this_machine_stay_closed_on_a_public_address_too(bool allowed, PeerVerdict expected)
    {
        var local = TransportAddress.Parse("9.9.9.9:0");
        var policy = new PeerPolicy(
            Blocks(allowed ? ["9.9.9.9"] : []), Blocks(), new RelayedAddressSet(new RelayedAddress(local, local, new PortPool(50_000, 50_010))), [local.WithPort(3478)]);
        Assert.Equal(expected, policy.Judge(local.WithPort(53), PeerLimits.None));
    }

    [Fact]
    public void Public_address_of_a_neighbour_is_reached_at_its_local_one()
    {
        var pool = new PortPool(50_000, 50_000);
        var relayed = new RelayedAddressSet(new RelayedAddress(TransportAddress.Parse("10.0.0.5:0"), TransportAddress.Parse("9.9.9.9:0"), pool));
        Assert.Equal("9.9.9.9:50000", relayed.ToLocal(TransportAddress.Parse("9.9.9.9:50000")).ToString());
        Assert.True(pool.TryTake(PortParity.Any, out _));
        Assert.Equal("10.0.0.5:50000", relayed.ToLocal(TransportAddress.Parse("9.9.9.9:50000")).ToString());
        Assert.Equal("9.9.9.9:50000", relayed.ToPublic(TransportAddress.Parse("10.0.0.5:50000")).ToString());
        Assert.Equal("10.0.0.5:50001", relayed.ToPublic(TransportAddress.Parse("10.0.0.5:50001")).ToString());
    }

    [Theory]
    [InlineData("2a01:64::/32", "2a01:64:a00:1::", false)]
    [InlineData("2a01:64::/32", "2a01:64:808:808::", true)]
    [InlineData("2a01:64::/40", "2a01:64:a:0:1::", false)]
    [InlineData("2a01:64::/48", "2a01:64:0:a00:0:100::", false)]
    [InlineData("2a01:64::/56", "2a01:64:0:a:0:1::", false)]
    [InlineData("2a01:64::/64", "2a01:64::a:0:100:0", false)]
    [InlineData("2a01:64::/64", "2a01:64::8:808:800:0", true)]
    [InlineData("2a01:64::/96", "2a01:64::10.0.0.1", false)]
    [InlineData("2a01:64::/96", "2a01:64::8.8.8.8", true)]
    [InlineData("2a01:64::/96", "2a01:64::1:10.0.0.1", true)]
    public void Addresses_inside_the_operators_NAT64_are_judged_too(string prefix, string peer, bool allowed)
    {
        Assert.True(Nat64Prefix.TryParse(prefix, out var translator));
        var local = TransportAddress.Parse("9.9.9.9:0");
        var policy = new PeerPolicy(Blocks(), Blocks(), new RelayedAddressSet(new RelayedAddress(local, local, new PortPool(50_000, 50_010))), [local.WithPort(3478)], [], [translator]);
        Assert.Equal(allowed ? PeerVerdict.Allowed : PeerVerdict.Denied, policy.Judge(TransportAddress.Parse($"[{peer}]:1"), PeerLimits.None));
        Assert.Equal(PeerVerdict.Denied, policy.Judge(TransportAddress.Parse("[64:ff9b::9.9.9.9]:3478"), PeerLimits.None));
    }

    [Theory]
    [InlineData("2a01:64::/97")]
    [InlineData("2a01:64::")]
    [InlineData("10.0.0.0/32")]
    [InlineData("")]
    [InlineData(null)]
    public void What_is_no_NAT64_prefix_is_refused(string? text) => Assert.False(Nat64Prefix.TryParse(text, out _));

    [Fact]
    public void Other_addresses_of_this_machine_are_closed()
    {
        var local = TransportAddress.Parse("9.9.9.9:0");
        var policy = new PeerPolicy(Blocks(), Blocks(), new RelayedAddressSet(new RelayedAddress(local, local, new PortPool(50_000, 50_010))), [local.WithPort(3478)], [TransportAddress.Parse("9.9.9.8:0")]);
        Assert.Equal(PeerVerdict.Denied, policy.Judge(TransportAddress.Parse("9.9.9.8:5432"), PeerLimits.None));
        Assert.Equal(PeerVerdict.Allowed, policy.Judge(TransportAddress.Parse("9.9.9.7:5432"), PeerLimits.None));
    }

    [Fact]
    public void Tenants_refusals_hold_through_a_translator()
    {
        var limits = new PeerLimits(AddressBlockSet.Empty, Blocks("8.8.8.8"), AddressBlockSet.Empty);
        Assert.Equal(PeerVerdict.Denied, Policy().Judge(TransportAddress.Parse("[64:ff9b::8.8.8.8]:1"), limits));
        Assert.Equal(PeerVerdict.Allowed, Policy().Judge(TransportAddress.Parse("[64:ff9b::8.8.4.4]:1"), limits));
    }

    [Theory]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/")]
    [InlineData("ten/8")]
    [InlineData("2001:db8::/129")]
    [InlineData("")]
    [InlineData(null)]
    public void What_is_no_block_is_refused(string? text) => Assert.False(AddressBlock.TryParse(text, out _));

    private static AddressBlockSet Blocks(params string[] texts) => AddressBlockSet.FromValidated(texts);

    private static PeerPolicy Policy(string[]? allow = null, string[]? deny = null, PortPool? pool = null)
    {
        var local = TransportAddress.Parse("127.0.0.1:0");
        return new PeerPolicy(Blocks(allow ?? []), Blocks(deny ?? []), new RelayedAddressSet(new RelayedAddress(local, local, pool ?? new PortPool(50_000, 50_010))), [local.WithPort(3478)]);
    }
}
