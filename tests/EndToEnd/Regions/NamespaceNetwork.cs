using System.Net;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>
/// Each region, with all its hosts, in the network namespace of its name, as <c>tests/Regions/run</c> makes them: clients reach each by a line of its own, and the regions each
/// other by one that takes its time. Parted, nobody hears anything: packets are gone.
/// </summary>
internal sealed class NamespaceNetwork(int euPort, int usPort) : IRegionNetwork
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public IPAddress Here { get; } = IPAddress.Parse("192.0.2.1");

    public Task<IRegion> StartAsync(string name, int httpPort, string[] settings) =>
        RegionOfHosts.StartAsync(name, new Place(IPAddress.Parse(name == "eu-1" ? "192.0.2.2" : "192.0.2.6"), "192.0.2.0/24", name), httpPort, settings);

    public string UrlOf(string region) => region == "eu-1" ? $"http://192.0.2.129:{euPort}" : $"http://192.0.2.130:{usPort}";

    public Task PartAsync() => RunAsync("add table ip parted; add chain ip parted silence { type filter hook prerouting priority -400; }; add rule ip parted silence iifname between drop");

    public Task MendAsync() => RunAsync("delete table ip parted");

    public ValueTask DisposeAsync() => default;

    private static async Task RunAsync(string rules)
    {
        foreach (var region in (string[])["eu-1", "us-1"])
        {
            var (exitCode, output) = await CommandLine.RunAsync("ip", ["netns", "exec", region, "nft", rules], Limit);
            Assert.True(exitCode == 0, output);
        }
    }
}
