using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;
using NetDiscovery.Silo.Hosting;
using NetDiscovery.Silo.Storage.Usage;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Usage;

/// <summary>The ledger as billing jobs read it, from a report to a line of HTTP; on a silo of its own, since hours are sealed for everybody.</summary>
public sealed class ExportTests : IAsyncLifetime
{
    private const int MaxRows = 1_000;
    private readonly TempFolder data = new();
    private readonly DateTimeOffset now = DateTimeOffset.UtcNow;
    private TestGateway gateway = null!;

    public async ValueTask InitializeAsync() => gateway = await TestGateway.StartAsync(
        builder => builder.AddSilo(), new Dictionary<string, string?> { ["Data:Path"] = data.Path }, app => app.PrepareStorageAsync());

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        data.Dispose();
    }

    [Fact]
    public async Task Sealed_hours_are_exported_by_cursor_and_never_change_and_what_comes_late_is_a_row_of_its_own()
    {
        var (tenant, other) = (await gateway.NewTenantAsync(), await gateway.NewTenantAsync());
        var sources = Enumerable.Range(0, 3).Select(_ => Guid.NewGuid()).ToArray();
        foreach (var (label, i) in new[] { "a", "b", "c" }.Select((label, i) => (label, i)))
        {
            await RecordAsync(tenant, sources[i], 1, label, 100 + i);
        }

        await RecordAsync(other, Guid.NewGuid(), 1, "a", 7);
        Assert.Empty(await ExportAsync(tenant, ""));

        await SealAsync(hours: 2);
        var first = await ExportAsync(tenant, "?limit=2");
        var rest = await ExportAsync(tenant, $"?after={Cursor(first[^1])}");
        Assert.Equal((2, 1), (first.Count, rest.Count));
        List<string> sealedRows = [.. first, .. rest];
        Assert.Equal(
            [("a", 100), ("b", 101), ("c", 102)],
            sealedRows.Select(line => JsonNode.Parse(line)!).Select(row => ((string)row["label"]!, (int)row["bytesToPeer"]!)).Order());
        Assert.All(sealedRows, line => Assert.Equal(tenant.Id, (string?)JsonNode.Parse(line)!["tenant"]));
        Assert.Equal(sealedRows.Select(Cursor).Order(), sealedRows.Select(Cursor));

        // The source goes on with totals of an hour that is sealed: what is new becomes a row of an open hour.
        await RecordAsync(tenant, sources[0], 2, "a", 150);
        Assert.Equal(sealedRows, await ExportAsync(tenant, ""));
        await SealAsync(hours: 4);
        var all = await ExportAsync(tenant, "?after=0");
        Assert.Equal(sealedRows, all[..3]);
        var late = JsonNode.Parse(Assert.Single(all[3..]))!;
        Assert.Equal(("a", 50), ((string)late["label"]!, (int)late["bytesToPeer"]!));
    }

    private Task RecordAsync(TestTenant tenant, Guid source, long sequence, string label, long bytes)
    {
        Assert.True(TenantId.TryParse(tenant.Id, out var id));
        return gateway.App.Services.GetRequiredService<IGrainFactory>().GetGrain<IUsageGrain>(GrainKeys.Usage(id, source)).RecordAsync(
            [new UsageReport(source, sequence, new UsageKeys(id, "", label, "local", "relay-1", "udp"), new UsageTotals { BytesToPeer = bytes }, now)]);
    }

    private async Task SealAsync(int hours) => Assert.InRange(
        await gateway.App.Services.GetRequiredService<IUsageStore>().SealAsync(
            new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero).AddHours(hours), MaxRows, TestContext.Current.CancellationToken),
        1, MaxRows - 1);

    private static async Task<List<string>> ExportAsync(TestTenant tenant, string query) =>
        [.. (await tenant.Client.GetStringAsync($"/v1/usage/export{query}")).Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private static long Cursor(string line) => (long)JsonNode.Parse(line)!["cursor"]!;
}
