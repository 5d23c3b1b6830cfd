using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Gateway.Usage;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Tests.Usage;

public sealed class UsageTests(RealGateway real)
{
    private static readonly string[] Counters =
    [
        "allocations", "allocationSeconds", "sessions", "bindings", "tokens", "bytesFromClient", "bytesToClient", "bytesToPeer", "bytesFromPeer",
        "packetsFromClient", "packetsToClient", "packetsToPeer", "packetsFromPeer",
    ];

    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Usage_has_the_shape_of_the_api_page_and_counts_what_was_relayed_and_minted()
    {
        var tenant = await Gateway.NewTenantAsync();
        var allocation = await real.Relay.OpenAllocationAsync(Id(tenant), label: "kiosk");
        await real.Relay.ObserveAsync(allocation, 2, new UsageTotals { BytesToPeer = 1200, BytesFromPeer = 340, PacketsToPeer = 10 });
        await (await tenant.Client.PostAsJsonAsync("/v1/tokens", new { label = "kiosk" })).ExpectAsync(201);
        await (await tenant.Client.PostAsync("/v1/tokens", null)).ExpectAsync(201);
        Assert.True(await Gateway.App.Services.GetRequiredService<UsageCounters>().FlushAsync());

        var body = await (await tenant.Client.GetAsync("/v1/usage?granularity=month")).ExpectAsync(200);
        var row = Assert.Single(body["items"]!.AsArray())!;

        Assert.Equal(["items", "next", "sealedUntil"], body.Names());
        Assert.Equal(["from", "to", "tenant", .. Counters], row.Names());
        Assert.Equal((tenant.Id, 2, 1, 1200, 340), ((string?)row["tenant"], (int)row["tokens"]!, (int)row["allocations"]!, (int)row["bytesToPeer"]!, (int)row["bytesFromPeer"]!));
    }

    [Fact]
    public async Task Group_by_keeps_keys_apart_and_pages_add_up()
    {
        var tenant = await Gateway.NewTenantAsync();
        foreach (var label in (string[])["a", "b", "c"])
        {
            var allocation = await real.Relay.OpenAllocationAsync(Id(tenant), label: label);
            await real.Relay.ObserveAsync(allocation, 2, new UsageTotals { BytesToPeer = 100 });
        }

        var (labels, after, pages) = (new List<string>(), (string?)"0", 0);
        while (after is not null && pages++ < 10)
        {
            var page = await (await tenant.Client.GetAsync($"/v1/usage?granularity=day&groupBy=label,relay&groupBy=transport,region&limit=1&after={after}")).ExpectAsync(200);
            var row = Assert.Single(page["items"]!.AsArray())!;
            Assert.Equal(("local", real.Relay.Id, "udp"), ((string?)row["region"], (string?)row["relay"], (string?)row["transport"]));
            labels.Add((string)row["label"]!);
            after = (string?)page["next"];
        }

        Assert.Equal(["a", "b", "c"], labels.Order());
    }

    [Fact]
    public async Task Usage_of_another_tenant_never_shows()
    {
        var (one, other) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        var allocation = await real.Relay.OpenAllocationAsync(Id(one));
        await real.Relay.ObserveAsync(allocation, 2, new UsageTotals { BytesToPeer = 100 });

        Assert.Empty((await (await other.Client.GetAsync("/v1/usage")).ExpectAsync(200))["items"]!.AsArray());
        Assert.NotEmpty((await (await Gateway.Operator.GetAsync($"/v1/usage?tenant={one.Id}")).ExpectAsync(200))["items"]!.AsArray());
        var all = await (await Gateway.Operator.GetAsync("/v1/usage?groupBy=tenant&limit=500")).ExpectAsync(200);
        Assert.Contains(all["items"]!.AsArray(), row => (string?)row!["tenant"] == one.Id);
        await (await one.Client.GetAsync("/v1/usage?groupBy=tenant")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
    }

    [Theory]
    [InlineData("from=yesterday&to=2026-99-01&granularity=week&groupBy=colour&limit=0&after=x", "after from granularity groupBy limit to")]
    [InlineData("from=2026-02-01&to=2026-02-01", "to")]
    [InlineData("from=1990-01-01&to=2026-02-01", "to")]
    [InlineData("granularity=0", "granularity")]
    [InlineData("groupBy=3", "groupBy")]
    public async Task Bad_parameters_are_named_at_once(string query, string fields)
    {
        var problem = await (await Gateway.Operator.GetAsync($"/v1/usage?{query}")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(fields, string.Join(' ', problem.Fields()));
    }

    [Theory]
    [InlineData("2026-02-03", "2026-02-03T00:00:00Z")]
    [InlineData("2026-02-03T04:05:06Z", "2026-02-03T04:05:06Z")]
    [InlineData("2026-02-03T04:05:06.5%2B01:00", "2026-02-03T03:05:06.5Z")]
    [InlineData("2026-02-03T04:05:06 01:00", "2026-02-03T03:05:06Z")]
    public void Times_are_read_as_dates_or_rfc_3339(string text, string expected)
    {
        var errors = new FieldErrors();
        var query = new UsageParameters { From = Uri.UnescapeDataString(text), To = "2026-03-01" }.Read(null, false, DateTimeOffset.UnixEpoch, errors);
        Assert.True(errors.IsEmpty);
        Assert.Equal(DateTimeOffset.Parse(expected, null), query.From);
    }

    [Fact]
    public void Default_is_the_current_month_by_day()
    {
        var now = new DateTimeOffset(2026, 5, 17, 13, 0, 0, TimeSpan.Zero);
        var query = new UsageParameters().Read(null, false, now, new FieldErrors());
        Assert.Equal((new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero), now, UsageGranularity.Day), (query.From, query.To, query.Granularity));
    }

    [Fact]
    public async Task Export_is_ndjson_after_a_cursor_that_is_a_whole_number()
    {
        var tenant = await Gateway.NewTenantAsync();

        var response = await tenant.Client.GetAsync("/v1/usage/export?after=0");

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        await (await tenant.Client.GetAsync("/v1/usage/export?after=-1")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
    }

    private static TenantId Id(TestTenant tenant) => TenantId.TryParse(tenant.Id, out var id) ? id : throw new ArgumentException(tenant.Id);
}
