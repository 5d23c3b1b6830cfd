using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NetDiscovery.EndToEnd.Chaos;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>Two regions as processes of their own: one platform, and each goes on alone.</summary>
public sealed class TwoRegionsTests(TwoRegions regions) : IClassFixture<TwoRegions>
{
    [Fact]
    public async Task A_tenant_relays_in_both_regions_and_one_ledger_counts_both_to_the_byte()
    {
        var (eu, us, _) = await regions.NewTenantAsync();
        var label = $"both-{Guid.NewGuid():N}";
        await using var peer = regions.NewPeer();

        // Each token is asked for in the other region.
        await RelayAsync(us, regions.Eu, label, peer);
        await RelayAsync(eu, regions.Us, label, peer);

        foreach (var tenant in (HttpClient[])[eu, us])
        {
            await RelayedCalls.UsageEqualsAsync(tenant, label, peer);
        }
    }

    [Theory]
    [InlineData("198.51.100.7", "198.51.100.8", "eu-1", "has an address in 198.51.100.0/24")]
    [InlineData("203.0.113.7", "203.0.113.8", "us-1", "has an address in 203.0.113.0/24")]
    [InlineData("198.51.100.7", "203.0.113.8", "eu-1", "shortest by way of it")]
    [InlineData("203.0.113.8", "198.51.100.7", "us-1", "shortest by way of it")]
    public async Task A_call_gets_relays_of_where_its_endpoints_are_and_a_mixed_pair_follows_the_rule_and_says_so(string alice, string bob, string region, string because)
    {
        var (eu, us, _) = await regions.NewTenantAsync();
        foreach (var tenant in (HttpClient[])[eu, us])
        {
            using var answer = await tenant.PostAsJsonAsync("/v1/sessions", new { endpoints = new[] { new { name = "alice", address = alice }, new { name = "bob", address = bob } } });
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, text);
            using var session = JsonDocument.Parse(text);
            var place = session.RootElement.GetProperty("decision").GetProperty("region");
            Assert.Equal(region, place.GetProperty("name").GetString());
            Assert.Contains(because, place.GetProperty("reason").GetString(), StringComparison.Ordinal);
            var urls = session.RootElement.GetProperty("endpoints").EnumerateArray().SelectMany(endpoint => endpoint.GetProperty("iceServers").EnumerateArray())
                .SelectMany(server => server.GetProperty("urls").EnumerateArray()).Select(url => url.GetString()!).ToList();
            Assert.NotEmpty(urls);
            var relays = (region == "eu-1" ? regions.Eu : regions.Us).Relays;
            Assert.All(urls, url => Assert.Contains(relays, relay => url.Contains($":{relay.Port}", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Parted_regions_authenticate_allocate_relay_and_account_and_afterwards_ledger_and_quota_are_right()
    {
        var (eu, us, id) = await regions.NewTenantAsync(new { quotas = new { concurrentAllocations = 16 } });
        var label = $"parted-{Guid.NewGuid():N}";
        await using var peer = regions.NewPeer();
        await using var euCall = await EchoCall.OpenAsync(regions.Eu.Relays[0], await TwoRegions.MintAsync(eu, "eu-1", label), peer);
        await using var usCall = await EchoCall.OpenAsync(regions.Us.Relays[0], await TwoRegions.MintAsync(us, "us-1", label), peer);
        await using var pressure = await QuotaPressure.StartAsync(regions);
        var rounds = 0;
        await regions.PartAsync();
        try
        {
            // An acceptance run says 300; a run of all tests has no such time.
            var seconds = int.Parse(Environment.GetEnvironmentVariable("REGIONS_PARTED_SECONDS") ?? "4", CultureInfo.InvariantCulture);
            for (var parted = Stopwatch.StartNew(); parted.Elapsed < TimeSpan.FromSeconds(seconds); rounds++)
            {
                foreach (var call in (EchoCall[])[euCall, usCall])
                {
                    await call.KeepAsync();
                    await call.ExchangeAsync(datagrams: 20, bytes: 300);
                }

                // New tokens and new allocations, within each region's share.
                foreach (var (region, tenant) in ((IRegion, HttpClient)[])[(regions.Us, us), (regions.Eu, eu)])
                {
                    await RelayAsync(tenant, region, label, peer);
                }
            }

            // A change is refused where it can't be made, and made where it can.
            using (var refused = await us.PutAsJsonAsync($"/v1/tenants/{id}/discovery", new { decision = "relay-only" }))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
                Assert.Contains("control_region_unreachable", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }
        finally
        {
            await regions.HealAsync();
        }

        await euCall.CloseAsync();
        await usCall.CloseAsync();
        await pressure.EndAsync();
        await RelayedCalls.UsageEqualsAsync(eu, label, peer);
        var billed = await RelayedCalls.UsageEqualsAsync(us, label, peer);
        ChaosReport.Write(string.Create(CultureInfo.InvariantCulture, $"parted regions: {rounds} rounds of tokens, allocations and datagrams in both; {peer.BytesReceived} bytes reached peers, {billed.BytesToPeer} are billed\n"));
    }

    [Fact]
    public async Task A_region_that_is_killed_whole_leaves_the_other_going_and_catches_up_when_it_is_back()
    {
        var (eu, us, id) = await regions.NewTenantAsync();
        var label = $"killed-{Guid.NewGuid():N}";
        await using var peer = regions.NewPeer();
        var madeThere = await TwoRegions.MintAsync(eu, "us-1", label);
        await regions.Us.KillAsync();
        try
        {
            // A token that the dead region has minted is good at the other's relays.
            await using var call = await EchoCall.OpenAsync(regions.Eu.Relays[0], madeThere, peer);
            await call.ExchangeAsync(datagrams: 10, bytes: 100);
            await call.CloseAsync();
            using var changed = await eu.PutAsJsonAsync($"/v1/tenants/{id}/discovery", new { decision = "relay-only" });
            Assert.True(changed.IsSuccessStatusCode, await changed.Content.ReadAsStringAsync());
        }
        finally
        {
            await regions.Us.RestartAsync();
            await regions.WholeAsync();
        }

        await TwoRegions.UntilAsync(
            async () => (await us.GetStringAsync($"/v1/tenants/{id}/discovery")).Contains("relay-only", StringComparison.Ordinal), () => $"us-1 has the change made while it was away:\n{regions.Us.Output}");
        await RelayedCalls.UsageEqualsAsync(us, label, peer);
    }

    /// <summary>Of hosts only, as <c>tests/Regions/run</c> makes them.</summary>
    [Theory(Explicit = true)]
    [InlineData("us-1")]
    [InlineData("eu-1")]
    public async Task A_region_restarted_host_by_host_loses_no_datagram_no_usage_and_no_token_and_the_other_goes_on(string restarted)
    {
        var (eu, us, _) = await regions.NewTenantAsync();
        var (region, tenant, other, tenantThere) = restarted == "eu-1" ? (regions.Eu, eu, regions.Us, us) : (regions.Us, us, regions.Eu, eu);
        var hosts = ((RegionOfHosts)region).Hosts;
        var starting = region.Relays.Concat(region.Relays).Select(relay => ChaosCall.StartAsync(tenant, relay, peerAddress: regions.Here))
            .Concat(other.Relays.Select(relay => ChaosCall.StartAsync(tenantThere, relay, peerAddress: regions.Here)));
        await RunningRegion.WithCallsAsync(tenantThere, starting, calls => new RollingRestart(hosts).RunAsync(restarted, calls, hosts.AtEachGateway(tenant)));
    }

    private static async Task RelayAsync(HttpClient tenant, IRegion region, string label, EchoPeer peer)
    {
        await using var call = await EchoCall.OpenAsync(region.Relays[0], await TwoRegions.MintAsync(tenant, region.Name, label), peer);
        await call.ExchangeAsync(datagrams: 20, bytes: 300);
        await call.CloseAsync();
    }
}
