using System.Globalization;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Interop;

/// <summary>coturn's client, which moves its allocations to new sockets before it sends (RFC 8016).</summary>
public sealed class MobilityClientTests
{
    [Theory]
    [InlineData("")]
    [InlineData("-t")]
    public async Task Uclient_moves_its_allocations_and_gets_back_all_it_sends(string option)
    {
        Assert.SkipUnless(CoturnTools.Installed, "coturn's tools are not installed");
        await using var relay = RelayFixture.Start();
        using var peer = new EchoPeer();
        var credential = relay.Mint();
        string[] arguments =
        [
            // So few that all of a session's datagrams together fit its socket's buffer.
            "-M", "-c", "-n", "50", "-m", "4", "-l", "170", "-z", "5", "-e", Peer.Usual.ToString(), "-r", peer.Address.Port.ToString(CultureInfo.InvariantCulture),
            "-p", relay.Options.Port.ToString(CultureInfo.InvariantCulture),
            "-u", credential.Username, "-w", credential.Password, .. option.Length > 0 ? new[] { option } : [], "127.0.0.1",
        ];
        var (exitCode, output) = await CoturnTools.RunAsync("turnutils_uclient", arguments);
        Assert.True(exitCode == 0, output);
        Assert.Contains("Total lost packets 0 (0.000000%)", output, StringComparison.Ordinal);
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<Grains.Interfaces.Allocations.AllocationMoved>().Any(), "the report of a move");
    }
}
