using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>The operator's program as a process of its own, against the whole platform.</summary>
public sealed class DoctorTests(StandaloneTests.Running running) : IClassFixture<StandaloneTests.Running>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    [Fact]
    public async Task Doctor_allocates_and_relays_and_finds_a_working_platform_well()
    {
        var (exitCode, output) = await RunAsync(running.Instance, "doctor", "--tenant", running.Instance.TenantId);

        Assert.True(exitCode == 0, output);
        Assert.Contains($"ok       udp 127.0.0.1:{running.Instance.RelayPort}: Relays data", output, StringComparison.Ordinal);
        Assert.Contains($"ok       tcp 127.0.0.1:{running.Instance.RelayPort}: Binding", output, StringComparison.Ordinal);
        Assert.Contains("only this machine reaches it", output, StringComparison.Ordinal);
        Assert.Contains("0 problems", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_says_what_clients_think_of_a_self_signed_certificate_and_tries_what_is_behind_it()
    {
        var port = FreePort.TcpAndUdp();
        await using var instance = await StandaloneProcess.StartAsync($"--Relay:TlsPort={port}");

        var (exitCode, output) = await RunAsync(instance, "doctor", "--tenant", instance.TenantId);

        Assert.True(exitCode == 1, output);
        Assert.Contains($"PROBLEM  certificate 127.0.0.1:{port}", output, StringComparison.Ordinal);
        Assert.Contains("Relay:CertificatePath", output, StringComparison.Ordinal);
        Assert.Contains($"ok       tls 127.0.0.1:{port}: Binding", output, StringComparison.Ordinal);
        Assert.Contains($"ok       dtls 127.0.0.1:{port}: Binding", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_leaves_no_allocation_behind()
    {
        await RunAsync(running.Instance, "doctor", "--tenant", running.Instance.TenantId);

        await Eventually.EventuallyAsync(
            async () => (await RunAsync(running.Instance, "allocations", "list", "--tenant", running.Instance.TenantId)).Output.Contains("No live allocations.", StringComparison.Ordinal),
            Limit, "the doctor's allocations have ended");
    }

    private static Task<(int ExitCode, string Output)> RunAsync(StandaloneProcess instance, params string[] arguments) => CommandLine.RunAsync(
        "dotnet",
        [Path.Combine(AppContext.BaseDirectory, "netdiscovery.dll"), .. arguments, "--gateway", instance.Url.ToString(), "--key-file", Path.Combine(instance.DataPath, "operator-key")],
        Limit);
}
