using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>Three pairs of the NAT lab (tests/NatLab): browsers that reach each other directly, by a relay over UDP, and by TLS on port 443.</summary>
public sealed class NatLabTests
{
    [Fact]
    public async Task Decision_path_and_ledger_agree_behind_real_nats()
    {
        Assert.SkipUnless(Environment.UserName == "root", "the lab makes network namespaces: run as root");
        var (exitCode, output) = await CommandLine.RunAsync(
            "bash", [Path.Combine(RepositoryRoot.Path, "tests/NatLab/run"), "--no-build", "--pairs", "port-port,port-symmetric,open-tls-443"], TimeSpan.FromMinutes(6));
        Assert.True(exitCode == 0, output);
        Assert.Contains("all as decided", output, StringComparison.Ordinal);
    }
}
