using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>The operator's program as a process of its own, against the whole platform.</summary>
public sealed class DoctorTests(StandaloneTests.Running running) : IClassFixture<StandaloneTests.Running>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    // Of a machine that is busy with other tests too.
    private static readonly string[] Patient = ["--timeout", "60"];

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

    [Fact]
    public async Task Prometheus_sees_the_names_that_alerts_and_dashboard_use()
    {
        var (exitCode, output) = await RunAsync(running.Instance, "doctor", "--tenant", running.Instance.TenantId);
        Assert.True(exitCode == 0, output);
        using var http = new HttpClient { BaseAddress = running.Instance.Url };
        string[] used =
        [
            "netdiscovery_relay_allocations_live", "netdiscovery_relay_io_bytes_total", "netdiscovery_relay_packets_total", "netdiscovery_relay_responses_total", "netdiscovery_relay_ports_free",
            "netdiscovery_relay_allocations_opened_total", "netdiscovery_relay_journal_unconfirmed", "netdiscovery_gateway_tokens_total", "netdiscovery_gateway_authentications_total",
            "netdiscovery_storage_commit_rows_total", "netdiscovery_storage_commit_duration_seconds_bucket", "http_server_request_duration_seconds_bucket", "http_server_request_duration_seconds_count",
            "dotnet_gc_pause_time_seconds_total", "dotnet_process_cpu_time_seconds_total", "dotnet_process_memory_working_set_bytes",
        ];

        var names = new HashSet<string>();
        await Eventually.EventuallyAsync(
            async () =>
            {
                names = [.. (await http.GetStringAsync("/metrics")).Split('\n').Where(static line => line.Length > 0 && line[0] != '#').Select(static line => line.Split('{', ' ')[0])];
                return used.All(names.Contains);
            },
            Limit, $"/metrics has {string.Join(", ", used)}");

        Assert.Empty(names.Where(static name => name.StartsWith("netdiscovery_", StringComparison.Ordinal)).Except(PrometheusNames.Known.Keys));
    }

    private static Task<(int ExitCode, string Output)> RunAsync(StandaloneProcess instance, params string[] arguments) => CommandLine.RunAsync(
        "dotnet",
        [Path.Combine(AppContext.BaseDirectory, "netdiscovery.dll"), .. arguments, .. arguments[0] == "doctor" ? Patient : [], "--gateway", instance.Url.ToString(), "--key-file", Path.Combine(instance.DataPath, "operator-key")],
        Limit);
}
