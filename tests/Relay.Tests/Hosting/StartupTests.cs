using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.ServiceDefaults;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Tests.Hosting;

public sealed class StartupTests
{
    [Theory]
    [InlineData(SocketType.Dgram, ProtocolType.Udp, "UDP")]
    [InlineData(SocketType.Stream, ProtocolType.Tcp, "TCP")]
    public async Task Port_in_use_is_named_with_its_setting(SocketType type, ProtocolType protocol, string name)
    {
        using var other = new Socket(AddressFamily.InterNetwork, type, protocol);
        // Free for the other protocol too, and nobody's by chance in a moment.
        other.Bind(new IPEndPoint(IPAddress.Loopback, FreePort.TcpAndUdp()));
        if (type == SocketType.Stream)
        {
            other.Listen();
        }

        var port = ((IPEndPoint)other.LocalEndPoint!).Port;
        await using var relay = RelayFixture.Start(options => options.Port = port, start: false);
        var refusal = Assert.Throws<StartupException>(relay.StartServer);
        Assert.Equal(ExitCodes.Environment, refusal.ExitCode);
        Assert.Contains($"{name} port {port} of 127.0.0.1 is in use", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Relay:Port", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Relay:Port")]
    [InlineData("Relay:TlsPort")]
    public async Task Port_is_not_shared_with_a_program_that_would_share_it(string setting)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "one worker elsewhere, which shares nothing");
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        const int SolSocket = 1, SoReusePort = 15;
        other.SetRawSocketOption(SolSocket, SoReusePort, BitConverter.GetBytes(1));
        other.Bind(new IPEndPoint(IPAddress.Loopback, FreePort.TcpAndUdp()));
        var port = ((IPEndPoint)other.LocalEndPoint!).Port;
        await using var relay = RelayFixture.Start(options => (options.Port, options.TlsPort) = setting == "Relay:Port" ? (port, options.TlsPort) : (options.Port, port), start: false);
        var refusal = Assert.Throws<StartupException>(relay.StartServer);
        Assert.Contains($"UDP port {port} of 127.0.0.1 is in use", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(setting, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_of_another_machine_is_named()
    {
        await using var relay = RelayFixture.Start(options => options.ListenAddresses = ["192.0.2.77"], start: false);
        Assert.Contains("Relay:ListenAddresses", Assert.Throws<StartupException>(relay.StartServer).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Second_relay_with_the_same_id_and_folder_is_refused()
    {
        await using var relay = RelayFixture.Start();
        Assert.Contains("Relay:Id", Assert.Throws<StartupException>(relay.StartServer).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wildcards_become_the_addresses_of_this_machine()
    {
        var addresses = ListenAddress.Resolve(new RelayOptions { ListenAddresses = ["0.0.0.0"] });
        Assert.Contains(addresses, address => address.Local.ToIPAddress().Equals(IPAddress.Loopback));
        Assert.DoesNotContain(addresses, address => address.Local.ToIPAddress().Equals(IPAddress.Any));
    }

    [Fact]
    public void Good_options_pass() => Assert.True(Validate(_ => { }).Succeeded);

    [Theory]
    [InlineData("Relay:Id")]
    [InlineData("Relay:ListenAddresses:0")]
    [InlineData("Relay:PublicAddresses:0")]
    [InlineData("Relay:Port")]
    [InlineData("Relay:TlsPort")]
    [InlineData("Relay:AlternateAddress")]
    [InlineData("Relay:AlternatePort")]
    [InlineData("Relay:AlternatePublicAddress")]
    [InlineData("Relay:Alternates:0:Address")]
    [InlineData("Relay:Alternates:0:Port")]
    [InlineData("Relay:Alternates:0:TlsPort")]
    [InlineData("Relay:Alternates:0:Domain")]
    [InlineData("Relay:ThirdParty:ServerName")]
    [InlineData("Relay:PublicName")]
    [InlineData("Relay:MinPort")]
    [InlineData("Relay:MaxPort")]
    [InlineData("Relay:Realm")]
    [InlineData("Relay:AllowPeers:0")]
    [InlineData("Relay:DenyPeers:1")]
    [InlineData("Relay:Workers")]
    [InlineData("Relay:CertificatePath")]
    [InlineData("Relay:CertificateKeyPath")]
    [InlineData("Relay:DataPath")]
    [InlineData("Relay:JournalPath")]
    [InlineData("Relay:DrainSeconds")]
    [InlineData("Relay:UsageReportSeconds")]
    [InlineData("Relay:JournalMegabytes")]
    [InlineData("Relay:MaxConnections")]
    [InlineData("Relay:MaxConnectionsPerSource")]
    [InlineData("Relay:UnauthenticatedSeconds")]
    [InlineData("Relay:MaxBufferedBytes")]
    public void Every_wrong_setting_is_named_in_one_go(string setting)
    {
        var result = Validate(options =>
        {
            options.Id = "no spaces please";
            options.ListenAddresses = ["nowhere"];
            options.PublicAddresses = ["0.0.0.0"];
            options.Port = 0;
            options.TlsPort = 65_536;
            options.AlternateAddress = "0.0.0.0";
            options.AlternatePort = -1;
            options.AlternatePublicAddress = "::";
            options.Alternates = [new AlternateServerOptions { Address = "x", Port = 0, TlsPort = -1, Domain = "not a name" }];
            options.ThirdParty = new ThirdPartyOptions { ServerName = "" };
            options.PublicName = "not a name";
            options.MinPort = 80;
            options.MaxPort = 70_000;
            options.Realm = "\"";
            options.AllowPeers = ["10.0.0.0/40"];
            options.DenyPeers = ["10.0.0.0/8", "x"];
            options.Workers = -1;
            options.CertificatePath = "/nowhere/cert.pem";
            options.CertificateKeyPath = "/nowhere/key.pem";
            options.DataPath = "";
            options.JournalPath = "\0";
            options.DrainSeconds = -1;
            options.UsageReportSeconds = 0;
            options.JournalMegabytes = 1;
            options.MaxConnections = 0;
            options.MaxConnectionsPerSource = 0;
            options.UnauthenticatedSeconds = 0;
            options.MaxBufferedBytes = 1;
        });
        Assert.True(result.Failures!.Any(failure => failure.StartsWith(setting + " ", StringComparison.Ordinal)), string.Join('\n', result.Failures!));
    }

    [Fact]
    public void Listener_ports_among_the_relayed_ones_are_refused() =>
        Assert.Contains(Validate(options => options.TlsPort = 50_000).Failures!, failure => failure.StartsWith("Relay:TlsPort ", StringComparison.Ordinal));

    private static Microsoft.Extensions.Options.ValidateOptionsResult Validate(Action<RelayOptions> change)
    {
        var options = new RelayOptions { Id = "relay-1", ListenAddresses = ["127.0.0.1"], DataPath = "data" };
        change(options);
        return new RelayOptionsValidator().Validate(null, options);
    }
}
