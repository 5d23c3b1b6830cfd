using System.Net;
using NetDiscovery.Cli.Doctor;
using NetDiscovery.Cli.Output;
using NetDiscovery.Relay.Client;

namespace NetDiscovery.Gateway.Tests.Cli;

public sealed class OutputTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1_000, "1.0 kB")]
    [InlineData(999_949, "999.9 kB")]
    [InlineData(999_950, "1.0 MB")]
    [InlineData(1_234_000_000, "1.2 GB")]
    [InlineData(long.MaxValue, "9.2 EB")]
    public void Bytes_are_written_in_the_unit_that_reads_best(long bytes, string expected) => Assert.Equal(expected, Quantity.Bytes(bytes));

    [Theory]
    [InlineData("turn:relay.example:3478?transport=udp", ClientTransport.Udp, "relay.example", 3478)]
    [InlineData("turn:relay.example?transport=tcp", ClientTransport.Tcp, "relay.example", 3478)]
    [InlineData("turns:relay.example:443?transport=tcp", ClientTransport.Tls, "relay.example", 443)]
    [InlineData("turns:relay.example", ClientTransport.Tls, "relay.example", 5349)]
    [InlineData("turns:relay.example?transport=udp", ClientTransport.Dtls, "relay.example", 5349)]
    [InlineData("stun:192.0.2.1", ClientTransport.Udp, "192.0.2.1", 3478)]
    [InlineData("turn:[2001:db8::1]:3479?transport=udp", ClientTransport.Udp, "2001:db8::1", 3479)]
    [InlineData("stun:[2001:db8::1]", ClientTransport.Udp, "2001:db8::1", 3478)]
    public void Uris_of_ice_servers_are_read(string uri, ClientTransport transport, string host, int port) =>
        Assert.Equal(new ServerAddress(transport, host, port), ServerAddress.FromUri(uri));

    [Theory]
    [InlineData("http://relay.example")]
    [InlineData("turn:")]
    [InlineData("")]
    public void Other_uris_are_none_of_a_relay(string uri) => Assert.Null(ServerAddress.FromUri(uri));

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("172.31.255.255", true)]
    [InlineData("172.32.0.0", false)]
    [InlineData("100.64.0.1", true)]
    [InlineData("::ffff:192.168.0.1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("2001:db8::1", false)]
    [InlineData("198.51.100.7", false)]
    public void Addresses_of_one_network_only_are_known(string address, bool isPrivate) => Assert.Equal(isPrivate, AddressKind.IsPrivate(IPAddress.Parse(address)));
}
