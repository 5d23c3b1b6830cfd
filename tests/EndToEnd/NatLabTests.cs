namespace NetDiscovery.EndToEnd;

/// <summary>Three pairs of the NAT lab (tests/NatLab): browsers that reach each other directly, by a relay over UDP, and by TLS on port 443.</summary>
public sealed class NatLabTests
{
    [Fact]
    public async Task Decision_path_and_ledger_agree_behind_real_nats()
    {
        Assert.SkipUnless(Environment.UserName == "root", "the lab makes network namespaces: run as root");
        var (exitCode, output) = await CommandLine.RunAsync(
            "bash", [Path.Combine(RepositoryPath(), "tests/NatLab/run"), "--no-build", "--pairs", "port-port,port-symmetric,open-tls-443"], TimeSpan.FromMinutes(6));
        Assert.True(exitCode == 0, output);
        Assert.Contains("all as decided", output, StringComparison.Ordinal);
    }

    private static string RepositoryPath()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "NetDiscovery.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside of the repository.");
        return folder.FullName;
    }
}
