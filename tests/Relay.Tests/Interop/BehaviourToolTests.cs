using System.Globalization;
using NetDiscovery.Relay.Tests.Handlers;

namespace NetDiscovery.Relay.Tests.Interop;

/// <summary>Other people's clients of NAT behaviour discovery, on two loopback addresses without a NAT.</summary>
public sealed class BehaviourToolTests
{
    [Theory]
    [InlineData("-m", "Endpoint Independent Mapping")]
    [InlineData("-f", "Endpoint Independent Filtering")]
    [InlineData("-fP", "Endpoint Independent Filtering")]
    public async Task Coturns_natdiscovery_finds_no_nat(string options, string verdict)
    {
        Assert.SkipUnless(CoturnTools.Installed, "coturn's tools are not installed");
        await using var relay = BehaviourTests.Start();
        string[] split = [.. options.Skip(1).Select(option => $"-{option}")];
        var (exitCode, output) = await CoturnTools.RunAsync("turnutils_natdiscovery", [.. split, "-p", relay.Options.Port.ToString(CultureInfo.InvariantCulture), "127.0.0.1"]);
        Assert.True(exitCode == 0, output);
        Assert.True(output.Contains(verdict, StringComparison.OrdinalIgnoreCase) || output.Contains("NO NAT", StringComparison.OrdinalIgnoreCase), output);
    }

    [Fact]
    public async Task Classic_stun_client_finds_no_nat()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/stun"), "stun-client is not installed");
        await using var relay = BehaviourTests.Start();
        var (_, output) = await CoturnTools.RunAsync("stun", $"127.0.0.1:{relay.Options.Port}", "-v");
        Assert.Contains("Open", output, StringComparison.OrdinalIgnoreCase);
    }
}
