using NetDiscovery.Cli;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces.Relays;

namespace NetDiscovery.Gateway.Tests.Cli;

/// <summary><c>relays</c>, <c>drain</c>, <c>services</c>.</summary>
public sealed class RelayCommandTests(RealGateway real)
{
    private Shell Operator => Shell.Operator(real.Gateway.BaseAddress);

    [Fact]
    public async Task Relays_services_and_regions_are_listed()
    {
        (await Operator.RunAsync("relays", "list")).Expect(ExitCodes.Ok).Says(real.Relay.Id).Says("active");
        (await Operator.RunAsync("relays", "show", real.Relay.Id)).Expect(ExitCodes.Ok).Says("udp:192.0.2.1:3478");
        (await Operator.RunAsync("services", "list")).Expect(ExitCodes.Ok).Says("gateway").Says("silo").Says("relay");
        Assert.Equal("local", (string?)(await Operator.ReadAsync("services", "regions"))["items"]![0]!["name"]);
    }

    [Fact]
    public async Task Draining_waits_until_the_relay_says_that_it_is_empty_and_can_be_undone()
    {
        await using var relay = await LivingRelay.StartAsync(real.Grains, "cli-drained");

        (await Operator.RunAsync("drain", relay.Id, "--wait", "--timeout", "60")).Expect(ExitCodes.Ok).Says("is empty");
        await relay.ExpectCommandAsync(static command => command is SetDraining { Draining: true }, "the relay is told to drain");
        Assert.True((bool)(await Operator.ReadAsync("relays", "show", relay.Id))["draining"]!);

        (await Operator.RunAsync("drain", relay.Id, "--undo")).Expect(ExitCodes.Ok).Says("takes clients again");
        await relay.ExpectCommandAsync(static command => command is SetDraining { Draining: false }, "the relay is told to take clients again");
    }

    [Fact]
    public async Task A_relay_that_does_not_exist_is_not_drained() =>
        (await Operator.RunAsync("drain", "never-was")).Expect(ExitCodes.Refused).Explains("not_found");
}
