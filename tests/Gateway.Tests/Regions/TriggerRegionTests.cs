using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>Usage triggers count the usage of all regions.</summary>
[Collection(RegionPair.Collection)]
public sealed class TriggerRegionTests(RegionPair pair)
{
    [Fact]
    public async Task A_trigger_fires_on_what_was_used_in_all_regions_together()
    {
        await using var receiver = await EventReceiver.StartAsync();
        var (here, there) = await pair.NewTenantAsync();
        await ReportAsync(pair.Eu, here, 10_000_000);
        await ReportAsync(pair.Us, here, 20_000_000);
        var triggers = $"/2010-04-01/Accounts/{here.Id}/Usage/Triggers";

        using var form = new FormUrlEncodedContent(
            [new("CallbackUrl", $"{receiver.Url}/fired"), new("TriggerValue", "30"), new("UsageCategory", "turnmegabytes"), new("Recurring", "alltime")]);
        var made = await (await there.Client.PostAsync($"{triggers}.json", form)).ExpectAsync(201);
        Assert.Equal("30", (string?)made["current_value"]);
        await receiver.TakenAsync(1);

        // Both gateways show the one trigger.
        foreach (var client in (HttpClient[])[here.Client, there.Client])
        {
            Assert.NotNull((await (await client.GetAsync($"{triggers}/{made["sid"]}.json")).ExpectAsync(200))["date_fired"]);
        }

        await pair.PartitionedAsync(async () => Assert.Equal(503, (int)(await here.Client.GetAsync($"{triggers}.json")).StatusCode));
    }

    private static async Task ReportAsync(TestGateway region, TestTenant account, long bytes)
    {
        Assert.True(TenantId.TryParse(account.Id, out var tenant));
        var source = Guid.NewGuid();
        await RegionPair.Grains(region).GetGrain<IUsageGrain>(GrainKeys.Usage(tenant, source)).RecordAsync(
            [new UsageReport(source, 1, new UsageKeys(tenant, "", "", "", "", "udp"), new UsageTotals { BytesToClient = bytes }, DateTimeOffset.UtcNow)]);
    }
}
