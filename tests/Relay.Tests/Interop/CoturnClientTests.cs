using System.Globalization;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Interop;

public sealed class CoturnClientTests
{
    [Fact]
    public async Task Stunclient_sees_its_reflexive_address()
    {
        Assert.SkipUnless(CoturnTools.Installed, "coturn's tools are not installed");
        await using var relay = RelayFixture.Start();
        var (exitCode, output) = await CoturnTools.RunAsync("turnutils_stunclient", "-p", Port(relay), "127.0.0.1");
        Assert.True(exitCode == 0, output);
        Assert.Contains("reflexive addr: 127.0.0.1:", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-s")]
    [InlineData("-g")]
    [InlineData("-t")]
    [InlineData("-t", "-s")]
    public async Task Uclient_gets_back_all_it_sends(params string[] options)
    {
        Assert.SkipUnless(CoturnTools.Installed, "coturn's tools are not installed");
        await using var relay = RelayFixture.Start();
        var credential = relay.Mint();

        // So few that all of a session's datagrams together fit its socket's buffer: none is lost while a busy machine lets the client wait.
        // Two sessions: before a second pair the client closes a socket and leaves its allocation; given the same port again, it would rightly be told 437.
        string[] arguments = ["-y", "-c", "-n", "50", "-m", "2", "-l", "170", "-z", "5", "-p", Port(relay), "-u", credential.Username, "-w", credential.Password, .. options.Where(option => option.Length > 0), "127.0.0.1"];
        var (exitCode, output) = await CoturnTools.RunAsync("turnutils_uclient", arguments);
        Assert.True(exitCode == 0, output);
        Assert.Contains("Total lost packets 0 (0.000000%)", output, StringComparison.Ordinal);
        Assert.False(output.Contains("error", StringComparison.OrdinalIgnoreCase), output);
    }

    private static string Port(RelayFixture relay) => relay.Options.Port.ToString(CultureInfo.InvariantCulture);
}
