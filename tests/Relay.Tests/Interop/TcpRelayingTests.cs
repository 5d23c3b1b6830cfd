using System.Globalization;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Interop;

/// <summary>coturn's client with TCP relaying (RFC 6062): each client connects to the relayed transport address of its neighbour.</summary>
public sealed class TcpRelayingTests
{
    [Theory]
    [InlineData("-s")]
    [InlineData("")]
    public async Task Uclient_gets_back_all_it_sends_over_relayed_TCP(string option)
    {
        Assert.SkipUnless(CoturnTools.Installed, "coturn's tools are not installed");
        await using var relay = RelayFixture.Start();
        var credential = relay.Mint();
        string[] arguments =
        [
            "-t", "-T", "-y", "-c", "-n", "100", "-m", "4", "-l", "170", "-z", "5", "-p", relay.Options.Port.ToString(CultureInfo.InvariantCulture),
            "-u", credential.Username, "-w", credential.Password, .. option.Length > 0 ? new[] { option } : [], "127.0.0.1",
        ];
        var (exitCode, output) = await CoturnTools.RunAsync("turnutils_uclient", arguments);
        Assert.True(exitCode == 0, output);
        Assert.Contains("Total lost packets 0 (0.000000%)", output, StringComparison.Ordinal);
        Assert.DoesNotContain("error", output, StringComparison.OrdinalIgnoreCase);
        await RelayFixture.UntilAsync(() => relay.Server.Services.PeerConnections.Open == 0, "no peer connection left");
    }
}
