using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>The first command of the README, as a stranger uses it: a process, HTTP, other people's clients.</summary>
public sealed class StandaloneTests(StandaloneTests.Running running) : IClassFixture<StandaloneTests.Running>
{
    public static TheoryData<string, string> TurnutilsCases => RelayedCalls.TurnutilsCases;

    [Fact]
    public async Task Check_on_a_private_instance_agrees_and_exits_0()
    {
        var (exitCode, output) = await HostProcess.RunAsync("Standalone", ["check"], TimeSpan.FromSeconds(180));

        Assert.True(exitCode == 0, output);
        Assert.Contains("all agree", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_on_a_running_instance_agrees_and_exits_0()
    {
        var standalone = running.Instance;
        var (exitCode, output) = await HostProcess.RunAsync(
            "Standalone",
            ["check", $"--url={standalone.Url}", $"--tenant={standalone.TenantId}", $"--token={standalone.AuthToken}", "--datagrams=500"],
            TimeSpan.FromSeconds(180));

        Assert.True(exitCode == 0, output);
    }

    [Theory]
    [MemberData(nameof(TurnutilsCases))]
    public async Task Coturns_client_loses_nothing_and_usage_equals_the_peer(string name, string flags)
    {
        using var tenant = running.Instance.TenantClient();
        await RelayedCalls.TurnutilsAsync(tenant, running.Instance.RelayPort, name, flags);
    }

    [Fact]
    public async Task Coturns_stun_client_learns_its_mapped_address()
    {
        var (exitCode, output) = await CommandLine.RunAsync(
            "turnutils_stunclient", ["-p", $"{running.Instance.RelayPort}", "127.0.0.1"], TimeSpan.FromSeconds(60));

        Assert.True(exitCode == 0, output);
        Assert.Contains("UDP reflexive addr: 127.0.0.1:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_instance_on_the_same_ports_says_so_and_exits_3()
    {
        var data = Directory.CreateTempSubdirectory("netdiscovery-e2e-").FullName;
        var (exitCode, output) = await HostProcess.RunAsync(
            "Standalone",
            [$"--Data:Path={data}", $"--Relay:Port={running.Instance.RelayPort}", "--Relay:TlsPort=0", $"--Gateway:Urls=http://127.0.0.1:{FreePort.Tcp()}"],
            TimeSpan.FromSeconds(180));
        Directory.Delete(data, recursive: true);

        Assert.Equal(3, exitCode);
        Assert.Contains($"{running.Instance.RelayPort}", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    /// <summary>One instance for all tests of the class, loopback peers allowed for the echo peers.</summary>
    public sealed class Running : IAsyncLifetime
    {
        internal StandaloneProcess Instance { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Instance = await StandaloneProcess.StartAsync("--Relay:AllowPeers:0=127.0.0.0/8", "--Gateway:AllowPrivateCallbacks=true", "--Gateway:AcceptKeysInAddresses=true");

        public ValueTask DisposeAsync() => Instance.DisposeAsync();
    }
}
