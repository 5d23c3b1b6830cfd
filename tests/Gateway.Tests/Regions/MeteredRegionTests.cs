using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>Usage as Metered's clients read it is that of all regions.</summary>
[Collection(RegionPair.Collection)]
public sealed class MeteredRegionTests(RegionPair pair)
{
    [Fact]
    public async Task Usage_is_the_sum_of_all_regions_at_every_gateway()
    {
        var (here, there) = await pair.NewTenantAsync();
        await ReportAsync(pair.Eu, here, 1_000_000_000);
        await ReportAsync(pair.Us, here, 2_000_000_000);

        foreach (var client in (HttpClient[])[here.Client, there.Client])
        {
            Assert.Equal(3m, (decimal?)(await (await client.GetAsync("/api/v1/turn/current_usage")).ExpectAsync(200))["usageInGB"]);
            var user = Assert.Single((await (await client.GetAsync("/api/v2/turn/current_usage_by_user")).ExpectAsync(200))["data"]!.AsArray())!;
            Assert.Equal(("alice", 3m), ((string?)user["username"], (decimal)user["usageInGB"]!));
        }
    }

    private static async Task ReportAsync(TestGateway region, TestTenant account, long bytes)
    {
        Assert.True(TenantId.TryParse(account.Id, out var tenant));
        var source = Guid.NewGuid();
        await RegionPair.Grains(region).GetGrain<IUsageGrain>(GrainKeys.Usage(tenant, source)).RecordAsync(
            [new UsageReport(source, 1, new UsageKeys(tenant, "", "alice", "", "", "udp"), new UsageTotals { BytesToPeer = bytes }, DateTimeOffset.UtcNow)]);
    }
}
