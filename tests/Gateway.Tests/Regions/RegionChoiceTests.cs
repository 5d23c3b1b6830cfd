using System.Net.Http.Json;
using System.Text.Json.Nodes;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>The choice of region as callers see it, with two regions. Each rule for itself: <see cref="RegionChooserTests"/>.</summary>
[Collection(RegionPair.Collection)]
public sealed class RegionChoiceTests(RegionPair pair)
{
    [Theory]
    [InlineData(RegionPair.Control)]
    [InlineData(RegionPair.Other)]
    public async Task A_token_for_a_named_region_names_relays_of_it_whoever_was_asked(string region)
    {
        var (here, there) = await pair.NewTenantAsync();
        foreach (var client in (HttpClient[])[here.Client, there.Client])
        {
            var token = await (await client.PostAsJsonAsync("/v1/tokens", new { region })).ExpectAsync(201);

            Assert.Equal((region, "the request names it"), ((string?)token["region"], (string?)token["regionReason"]));
        }
    }

    [Fact]
    public async Task A_tenant_that_allows_one_region_is_served_there_whoever_was_asked()
    {
        var (here, there) = await pair.NewTenantAsync();
        await (await there.Client.PutAsJsonAsync($"/v1/tenants/{here.Id}/discovery", new { regions = new[] { RegionPair.Other } })).ExpectAsync(200);

        var token = await (await here.Client.PostAsJsonAsync("/v1/tokens", new { })).ExpectAsync(201);
        Assert.Equal(RegionPair.Other, (string?)token["region"]);
        var session = await SessionRegionTests.MakeAsync(here, RegionPair.Control, RegionPair.Control);
        Assert.Equal(RegionPair.Other, (string?)session["region"]);
        await (await here.Client.PostAsJsonAsync("/v1/tokens", new { region = RegionPair.Control })).ExpectProblemAsync(ProblemCodes.RegionUnavailable);
    }

    [Fact]
    public async Task Data_that_must_stay_in_a_region_that_can_t_be_reached_goes_nowhere_else()
    {
        var (here, there) = await pair.NewTenantAsync();
        await (await there.Client.PutAsJsonAsync($"/v1/tenants/{here.Id}/discovery", new { regions = new[] { RegionPair.Other } })).ExpectAsync(200);
        await pair.PartitionedAsync(async () =>
        {
            // The first answers may come from before anybody has noticed: 503, never another region.
            await RegionPair.UntilAsync(
                async () =>
                {
                    var answer = await here.Client.PostAsJsonAsync("/v1/tokens", new { });
                    Assert.True((int)answer.StatusCode is 409 or 503, await answer.Content.ReadAsStringAsync());
                    return (int)answer.StatusCode == 409;
                },
                "the region that was asked knows that the other can't be reached");
            await (await here.Client.PostAsJsonAsync("/v1/tokens", new { })).ExpectProblemAsync(ProblemCodes.RegionUnavailable);
        });
    }

    [Fact]
    public async Task A_mixed_pair_is_put_where_the_way_between_them_is_shortest_and_the_reason_says_so()
    {
        var (here, _) = await pair.NewTenantAsync();

        var session = await SessionRegionTests.MakeAsync(here, RegionPair.Other, RegionPair.Control);

        var reason = (string)session["decision"]!["region"]!["reason"]!;
        Assert.Contains($"'alice' declares '{RegionPair.Other}'", reason, StringComparison.Ordinal);
        Assert.Contains($"'bob' declares '{RegionPair.Control}'", reason, StringComparison.Ordinal);
        Assert.Contains("shortest", reason, StringComparison.Ordinal);
        Assert.Equal(RegionPair.Other, (string?)session["region"]);
    }

    [Fact]
    public async Task What_clients_measured_decides_where_nothing_else_is_known()
    {
        var (here, _) = await pair.NewTenantAsync();
        var body = JsonNode.Parse($$$"""{"latencies":{"{{{RegionPair.Control}}}":80,"{{{RegionPair.Other}}}":12}}""");

        var token = await (await here.Client.PostAsJsonAsync("/v1/tokens", body)).ExpectAsync(201);

        Assert.Equal((RegionPair.Other, "the client measured the lowest latency to it"), ((string?)token["region"], (string?)token["regionReason"]));
    }

    [Theory]
    [InlineData("""{"latencies":{"No Region":1}}""", "latencies")]
    [InlineData("""{"latencies":{"eu-1":-1}}""", "latencies")]
    [InlineData("""{"address":"host"}""", "address")]
    public async Task What_is_said_of_the_client_is_checked(string body, string field)
    {
        var (here, _) = await pair.NewTenantAsync();

        var problem = await (await here.Client.PostAsync("/v1/tokens", Responses.Json(body))).ExpectProblemAsync(ProblemCodes.ValidationFailed);

        Assert.Equal([field], problem.Fields());
    }

    [Fact]
    public async Task All_regions_are_listed_with_their_health_at_every_gateway()
    {
        foreach (var gateway in (TestGateway[])[pair.Eu, pair.Us])
        {
            await RegionPair.UntilAsync(
                async () =>
                {
                    var items = (await (await gateway.Operator.GetAsync("/v1/regions")).ExpectAsync(200))["items"]!.AsArray();
                    Assert.Equal([RegionPair.Control, RegionPair.Other], items.Select(item => (string)item!["name"]!));
                    return items.All(item => (int)item!["relaysHealthy"]! == 1);
                },
                "each region has its one relay");
        }
    }
}
