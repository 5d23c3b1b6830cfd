using System.Net.Http.Json;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Gateway.Tests.Signaling;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>A session lives in one region and is reached at the gateways of all.</summary>
[Collection(RegionPair.Collection)]
public sealed class SessionRegionTests(RegionPair pair)
{
    [Fact]
    public async Task A_session_is_made_where_its_endpoints_are_and_read_and_ended_from_anywhere()
    {
        var (here, there) = await pair.NewTenantAsync();

        var made = await MakeAsync(here, RegionPair.Other, RegionPair.Other);

        Assert.Equal(RegionPair.Other, (string?)made["region"]);
        Assert.EndsWith($".{RegionPair.Other}", (string?)made["id"], StringComparison.Ordinal);
        Assert.Contains("the endpoint 'alice' declares it", (string?)made["decision"]!["region"]!["reason"], StringComparison.Ordinal);
        var path = $"/v1/sessions/{made["id"]}";
        foreach (var client in (HttpClient[])[here.Client, there.Client])
        {
            Assert.Equal("created", (string?)(await (await client.GetAsync(path)).ExpectAsync(200))["state"]);
            Assert.Equal("created", (string?)(await (await client.GetAsync($"{path}/timeline")).ExpectAsync(200))["items"]![0]!["event"]);
            Assert.Equal(1, (int?)(await (await client.GetAsync($"{path}/usage")).ExpectAsync(200))["totals"]!["sessions"]);
        }

        var answer = await here.Client.GetAsync(path);
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        await (await here.Client.DeleteAsync(path)).ExpectAsync(204);
        Assert.Equal("ended", (string?)(await (await there.Client.GetAsync(path)).ExpectAsync(200))["state"]);
    }

    [Fact]
    public async Task Another_tenants_session_in_another_region_looks_missing()
    {
        var (here, _) = await pair.NewTenantAsync();
        var (stranger, _) = await pair.NewTenantAsync();
        var made = await MakeAsync(here, RegionPair.Other, RegionPair.Other);

        await (await stranger.Client.GetAsync($"/v1/sessions/{made["id"]}")).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await pair.Eu.Anonymous.GetAsync($"/v1/sessions/{made["id"]}")).ExpectProblemAsync(ProblemCodes.Unauthenticated);
    }

    [Fact]
    public async Task Endpoints_signal_through_gateways_of_different_regions()
    {
        var (here, _) = await pair.NewTenantAsync();
        var made = await MakeAsync(here, RegionPair.Other, RegionPair.Other);
        var id = (string)made["id"]!;
        await using var alice = await SignalingClient.ConnectAsync(pair.Eu.BaseAddress, id, (string)made["endpoints"]![0]!["joinToken"]!);
        await using var bob = await SignalingClient.ConnectAsync(pair.Us.BaseAddress, id, (string)made["endpoints"]![1]!["joinToken"]!);

        await alice.SayAsync(""" "type":"description","description":{"type":"offer","sdp":"v=0\r\n"} """);
        await bob.SayAsync(""" "type":"candidate","candidate":{"candidate":"candidate:1 1 udp 1 192.0.2.1 9 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"x"} """);

        Assert.Equal("alice", (string?)(await bob.UntilTypeAsync("description"))["from"]);
        Assert.Equal("bob", (string?)(await alice.UntilTypeAsync("candidate"))["from"]);
    }

    [Fact]
    public async Task A_wrong_join_token_is_refused_by_the_owner_and_counted_where_it_was_tried()
    {
        var (here, _) = await pair.NewTenantAsync();
        var made = await MakeAsync(here, RegionPair.Other, RegionPair.Other);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/sessions/{made["id"]}/signaling");
        foreach (var (name, value) in ((string, string)[])[("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", "netdiscovery.v1, token.wrong")])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        await (await pair.Eu.Anonymous.SendAsync(request)).ExpectProblemAsync(ProblemCodes.JoinTokenWrong);
    }

    [Fact]
    public async Task While_regions_are_parted_a_session_is_answered_by_its_owner_alone()
    {
        var (here, there) = await pair.NewTenantAsync();
        var made = await MakeAsync(here, RegionPair.Other, RegionPair.Other);
        var path = $"/v1/sessions/{made["id"]}";
        await pair.PartitionedAsync(async () =>
        {
            var problem = await (await here.Client.GetAsync(path)).ExpectProblemAsync(ProblemCodes.RegionUnreachable);
            Assert.Contains(RegionPair.Other, (string?)problem["detail"], StringComparison.Ordinal);
            await (await there.Client.GetAsync(path)).ExpectAsync(200);

            // Ending it revokes its credentials, which are good in its region alone: no other region is needed.
            await (await there.Client.DeleteAsync(path)).ExpectAsync(204);
        });
    }

    internal static async Task<System.Text.Json.Nodes.JsonNode> MakeAsync(TestTenant tenant, string? alice, string? bob) =>
        await (await tenant.Client.PostAsJsonAsync("/v1/sessions", new { endpoints = new object[] { new { name = "alice", region = alice }, new { name = "bob", region = bob } } })).ExpectAsync(201);
}
