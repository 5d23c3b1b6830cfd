using System.Net.Http.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Relays;

public sealed class RelaysTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Operator_sees_relays_and_services_and_a_tenant_sees_regions_only()
    {
        var tenant = await Gateway.NewTenantAsync();

        var relays = await (await Gateway.Operator.GetAsync("/v1/relays")).ExpectAsync(200);
        var relay = relays["items"]!.AsArray().Single(item => (string?)item!["id"] == real.Relay.Id)!;
        Assert.True((bool)relay["healthy"]!);
        Assert.Equal(["transport", "host", "port"], relay["listeners"]![0]!.Names());
        var services = await (await Gateway.Operator.GetAsync("/v1/services")).ExpectAsync(200);
        foreach (var kind in (string[])["gateway", "silo", "relay"])
        {
            Assert.Contains(services["items"]!.AsArray(), service => (string?)service!["service"] == kind && (bool)service["healthy"]!);
        }

        var regions = await (await tenant.Client.GetAsync("/v1/regions")).ExpectAsync(200);
        Assert.Equal(("local", true), ((string?)regions["items"]![0]!["name"], (bool)regions["items"]![0]!["healthy"]!));
        foreach (var path in (string[])["/v1/relays", "/v1/relays/living-1", "/v1/services"])
        {
            await (await tenant.Client.GetAsync(path)).ExpectProblemAsync(ProblemCodes.OperatorRequired);
        }

        await (await tenant.Client.PostAsync("/v1/relays/living-1/drain", null)).ExpectProblemAsync(ProblemCodes.OperatorRequired);
    }

    [Fact]
    public async Task Drained_relay_is_told_and_takes_clients_again_when_asked()
    {
        await using var relay = await LivingRelay.StartAsync(real.Grains, "drained-1");

        await (await Gateway.Operator.PostAsync("/v1/relays/drained-1/drain", null)).ExpectAsync(200);
        await relay.ExpectCommandAsync(command => command is SetDraining { Draining: true }, "the relay is told to drain");
        await Eventually.EventuallyAsync(
            async () => (bool)(await (await Gateway.Operator.GetAsync("/v1/relays/drained-1")).ExpectAsync(200))["draining"]!, TimeSpan.FromSeconds(60), "the relay says that it drains");

        await (await Gateway.Operator.PostAsJsonAsync("/v1/relays/drained-1/drain", new { draining = false })).ExpectAsync(200);
        await relay.ExpectCommandAsync(command => command is SetDraining { Draining: false }, "the relay is told to take clients again");

        await (await Gateway.Operator.PostAsync("/v1/relays/never-was/drain", null)).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await Gateway.Operator.PostAsync("/v1/relays/drained-1/drain", Responses.Json("""{"draining":"yes"}"""))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
    }
}
