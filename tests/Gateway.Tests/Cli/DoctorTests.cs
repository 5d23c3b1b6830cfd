using System.Text.Json.Nodes;
using NetDiscovery.Cli;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Cli;

/// <summary>What the doctor says of things that are broken. Against a whole platform it runs in EndToEnd.</summary>
public sealed class DoctorTests(RealGateway real)
{
    [Fact]
    public async Task A_gateway_that_does_not_answer_is_the_only_problem_named()
    {
        var result = await Shell.Operator(new Uri("http://127.0.0.1:1")).RunAsync("doctor", "--timeout", "5");

        result.Expect(ExitCodes.Refused).Says("PROBLEM  gateway: http://127.0.0.1:1/ does not answer").Says("Gateway:Urls").Says("1 problems");
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_is_named_with_the_settings_to_compare()
    {
        var cluster = new FakeCluster { Failure = new TimeoutException() };
        await using var gateway = await FakeGateway.StartAsync(cluster);

        (await Shell.Operator(gateway.BaseAddress).RunAsync("doctor")).Expect(ExitCodes.Refused).Says("PROBLEM  cluster").Says("ConnectionStrings:Storage").Says("skipped  relays");
    }

    [Fact]
    public async Task A_relay_where_nothing_listens_is_named_with_its_transport_and_settings()
    {
        var port = FreePort.TcpAndUdp();
        var cluster = new FakeCluster();
        cluster.Relays.Add(FakeGateway.Relay("gone", listeners: [new RelayListener(Transport.Udp, "127.0.0.1", port), new RelayListener(Transport.Tcp, "127.0.0.1", port)]));
        await using var gateway = await FakeGateway.StartAsync(cluster);
        var tenant = await gateway.NewTenantAsync();

        var result = await Shell.Of(gateway.BaseAddress, tenant).RunAsync("doctor", "--timeout", "5");

        result.Expect(ExitCodes.Refused).Says($"PROBLEM  udp 127.0.0.1:{port}").Says($"PROBLEM  tcp 127.0.0.1:{port}").Says("Relay:ListenAddresses").Says("2 problems");
    }

    [Fact]
    public async Task A_region_without_relays_is_a_problem_and_so_is_its_token()
    {
        await using var gateway = await FakeGateway.StartAsync(new FakeCluster());
        var tenant = await gateway.NewTenantAsync();

        (await Shell.Of(gateway.BaseAddress, tenant).RunAsync("doctor")).Expect(ExitCodes.Refused).Says("PROBLEM  region local").Says("PROBLEM  token").Says("no_relay");
    }

    [Fact]
    public async Task The_operator_is_told_to_name_a_tenant_for_the_relays_to_be_tried()
    {
        // Relays of other tests come and go meanwhile: whether all of them are well is not the question.
        var report = JsonNode.Parse((await Shell.Operator(real.Gateway.BaseAddress).RunAsync("doctor", "--json")).Output)!;

        Assert.Contains(report["findings"]!.AsArray(), finding => (string?)finding!["check"] == $"relay {real.Relay.Id}" && (string?)finding["outcome"] == "good");
        Assert.Contains(report["findings"]!.AsArray(), finding => (string?)finding!["outcome"] == "skipped" && ((string?)finding["advice"])!.Contains("--tenant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_key_is_named_as_such()
    {
        var shell = new Shell(new() { ["NETDISCOVERY_GATEWAY"] = real.Gateway.BaseAddress.ToString(), ["NETDISCOVERY_OPERATOR_KEY"] = "wrong" });

        (await shell.RunAsync("doctor", "--tenant", "AC00000000000000000000000000000001")).Expect(ExitCodes.Refused).Says("PROBLEM  relays").Says("Operator:Key");
    }
}
