using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Cli;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Cli;

/// <summary><c>sessions</c>, <c>allocations</c>, <c>usage</c>.</summary>
public sealed class TrafficCommandTests(RealGateway real)
{
    private Shell Operator => Shell.Operator(real.Gateway.BaseAddress);

    [Fact]
    public async Task Session_is_made_explained_and_ended()
    {
        var own = Shell.Of(real.Gateway.BaseAddress, await real.Gateway.NewTenantAsync());
        var made = await own.ReadAsync("sessions", "create", "alice", "bob");
        var id = (string)made["id"]!;

        Assert.Equal(["alice", "bob"], made["endpoints"]!.AsArray().Select(endpoint => (string)endpoint!["name"]!));
        (await own.RunAsync("sessions", "show", id)).Expect(ExitCodes.Ok).Says("DECISION").Says("alice, bob");
        (await own.RunAsync("sessions", "timeline", id)).Expect(ExitCodes.Ok).Says("created");
        Assert.Equal(1, (int)(await own.ReadAsync("sessions", "usage", id))["totals"]!["sessions"]!);
        (await own.RunAsync("sessions", "end", id)).Expect(ExitCodes.Ok);
        Assert.Equal("ended", (string?)(await own.ReadAsync("sessions", "show", id))["state"]);
    }

    [Fact]
    public async Task Allocation_is_listed_shown_and_its_relay_told_to_end_it()
    {
        var tenant = await real.Gateway.NewTenantAsync();
        var id = await real.Relay.OpenAllocationAsync(Id(tenant), label: "kiosk");
        var own = Shell.Of(real.Gateway.BaseAddress, tenant);

        (await own.RunAsync("allocations", "list")).Expect(ExitCodes.Ok).Says(id.ToString()).Says("198.51.100.7:50000").Says("kiosk");
        (await Operator.RunAsync("allocations", "list", "--tenant", tenant.Id)).Expect(ExitCodes.Ok).Says(id.ToString());
        (await own.RunAsync("allocations", "show", id.ToString())).Expect(ExitCodes.Ok).Says(tenant.Id).Says("192.0.2.1:49200");
        (await own.RunAsync("allocations", "end", id.ToString())).Expect(ExitCodes.Ok);

        await real.Relay.ExpectCommandAsync(command => command is CutAllocation cut && cut.Allocation == id, "the relay is told to cut the allocation");
    }

    [Fact]
    public async Task Usage_is_shown_by_the_keys_that_were_asked_for()
    {
        var tenant = await real.Gateway.NewTenantAsync();
        var own = Shell.Of(real.Gateway.BaseAddress, tenant);
        var allocation = await real.Relay.OpenAllocationAsync(Id(tenant), label: "kiosk");
        await real.Relay.ObserveAsync(allocation, 2, new UsageTotals { BytesToPeer = 1_200, BytesFromPeer = 340 });
        (await own.RunAsync("tokens", "mint", "--label", "kiosk")).Expect(ExitCodes.Ok);
        Assert.True(await real.Gateway.App.Services.GetRequiredService<UsageCounters>().FlushAsync());

        (await own.RunAsync("usage", "show", "--granularity", "month", "--group-by", "label", "region")).Expect(ExitCodes.Ok).Says("kiosk").Says("1.2 kB").Explains("never change");
        var rows = (await Operator.ReadAsync("usage", "show", "--tenant", tenant.Id, "--granularity", "month"))["items"]!.AsArray();
        Assert.Equal((1_200, 340, 1), ((int)rows[0]!["bytesToPeer"]!, (int)rows[0]!["bytesFromPeer"]!, (int)rows[0]!["tokens"]!));
        Assert.Equal("", (await own.RunAsync("usage", "export")).Expect(ExitCodes.Ok).Output); // no hour is sealed yet
    }

    [Fact]
    public async Task Export_appends_every_row_after_the_cursor_and_says_where_to_go_on()
    {
        string[] ledger = ["""{"cursor":7,"label":"a","bytesToPeer":100}""", """{"cursor":9,"label":"b","bytesToPeer":200}""", """{"cursor":12,"label":"c","bytesToPeer":300}"""];
        await using var server = await LedgerServer.StartAsync(ledger);
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "ledger.ndjson");
        await File.WriteAllTextAsync(file, "before\n");

        (await Shell.Operator(server.Url).RunAsync("usage", "export", "--output", file)).Expect(ExitCodes.Ok).Explains("3 rows; next time: --after 12");

        var lines = await File.ReadAllLinesAsync(file);
        Assert.Equal("before", lines[0]);
        Assert.Equal([("a", 100), ("b", 200), ("c", 300)], lines[1..].Select(line => JsonNode.Parse(line)!).Select(row => ((string)row["label"]!, (int)row["bytesToPeer"]!)));
    }

    private static TenantId Id(TestTenant tenant) => TenantId.TryParse(tenant.Id, out var id) ? id : throw new ArgumentException(tenant.Id);
}
