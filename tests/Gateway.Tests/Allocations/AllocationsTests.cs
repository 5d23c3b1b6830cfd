using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Tests.Allocations;

public sealed class AllocationsTests(RealGateway real)
{
    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Live_allocation_is_listed_read_and_cut()
    {
        var tenant = await Gateway.NewTenantAsync();
        var id = await real.Relay.OpenAllocationAsync(Id(tenant), label: "kiosk");
        await real.Relay.ObserveAsync(id, 2, new UsageTotals { BytesToPeer = 1000, BytesFromPeer = 500 });

        var list = await (await tenant.Client.GetAsync("/v1/allocations")).ExpectAsync(200);
        var item = Assert.Single(list["items"]!.AsArray())!;
        Assert.Equal(id.ToString(), (string?)item["id"]);
        Assert.Equal(["client", "server", "transport"], item["fiveTuple"]!.Names());
        Assert.Equal("198.51.100.7:50000", (string?)item["fiveTuple"]!["client"]);
        Assert.Equal("192.0.2.1:49200", (string?)item["relayedTransportAddresses"]![0]);
        var read = await (await tenant.Client.GetAsync($"/v1/allocations/{id}")).ExpectAsync(200);
        Assert.Equal((1000, 500), ((int)read["counters"]!["bytesToPeer"]!, (int)read["counters"]!["bytesFromPeer"]!));
        Assert.NotNull(read["expiresAt"]);

        await (await tenant.Client.DeleteAsync($"/v1/allocations/{id}")).ExpectAsync(204);

        await real.Relay.ExpectCommandAsync(command => command is CutAllocation cut && cut.Allocation == id, "the relay is told to cut the allocation");
    }

    [Fact]
    public async Task Allocation_of_another_tenant_looks_missing()
    {
        var (owner, stranger) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        var id = await real.Relay.OpenAllocationAsync(Id(owner));

        await (await stranger.Client.GetAsync($"/v1/allocations/{id}")).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await stranger.Client.DeleteAsync($"/v1/allocations/{id}")).ExpectProblemAsync(ProblemCodes.NotFound);
        Assert.Empty((await (await stranger.Client.GetAsync("/v1/allocations")).ExpectAsync(200))["items"]!.AsArray());
        Assert.DoesNotContain(real.Relay.Commands, command => command is CutAllocation cut && cut.Allocation == id);
        Assert.Single((await (await Gateway.Operator.GetAsync($"/v1/allocations?tenant={owner.Id}")).ExpectAsync(200))["items"]!.AsArray());
    }

    [Fact]
    public async Task List_pages_and_filters_by_session()
    {
        var tenant = await Gateway.NewTenantAsync();
        var session = SessionId.New("local");
        var inSession = await real.Relay.OpenAllocationAsync(Id(tenant), session);
        var outside = await real.Relay.OpenAllocationAsync(Id(tenant));

        var first = await (await tenant.Client.GetAsync("/v1/allocations?limit=1")).ExpectAsync(200);
        var second = await (await tenant.Client.GetAsync($"/v1/allocations?limit=1&after={first["next"]}")).ExpectAsync(200);
        var filtered = await (await tenant.Client.GetAsync($"/v1/allocations?session={session}")).ExpectAsync(200);

        Assert.Null(second["next"]);
        Assert.Equal(
            new[] { inSession.ToString(), outside.ToString() }.Order(StringComparer.Ordinal),
            [(string)first["items"]![0]!["id"]!, (string)second["items"]![0]!["id"]!]);
        Assert.Equal(inSession.ToString(), (string?)Assert.Single(filtered["items"]!.AsArray())!["id"]);
        var problem = await (await tenant.Client.GetAsync("/v1/allocations?session=x&limit=-1&after=y")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(["after", "limit", "session"], problem.Fields());
    }

    private static TenantId Id(TestTenant tenant) => TenantId.TryParse(tenant.Id, out var id) ? id : throw new ArgumentException(tenant.Id);
}
