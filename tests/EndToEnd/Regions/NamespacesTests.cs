using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>What <see cref="TwoRegionsTests"/> can't try on loopback: a partition in which packets vanish and nobody is told.</summary>
public sealed class NamespacesTests
{
    [Fact]
    public async Task Regions_in_networks_of_their_own_go_on_when_all_between_them_is_silence()
    {
        Assert.SkipUnless(Environment.UserName == "root", "the regions get network namespaces: run as root");
        var (exitCode, output) = await CommandLine.RunAsync(
            "bash", [Path.Combine(RepositoryRoot.Path, "tests/Regions/run"), "--no-build", "--parted-seconds", "20", "--only", "Parted"], TimeSpan.FromMinutes(10));
        Assert.True(exitCode == 0, output);
        Assert.Contains("are billed", output, StringComparison.Ordinal);
    }
}
