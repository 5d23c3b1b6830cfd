using System.Text.Json.Nodes;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Regions;

[Collection(RegionPair.Collection)]
public sealed class AuditRegionTests(RegionPair pair)
{
    [Fact]
    public async Task A_change_made_through_another_region_is_listed_once_and_seen_from_both_with_its_client_and_request()
    {
        var (atEu, atUs) = await pair.NewTenantAsync();

        var made = await atUs.Client.PostAsync($"/v1/tenants/{atUs.Id}/keys", Responses.Json("""{"name":"far"}"""));

        await made.ExpectAsync(201);
        Assert.Single(made.Headers.GetValues("RateLimit"));
        var request = Assert.Single(made.Headers.GetValues("Request-Id"));
        foreach (var client in (HttpClient[])[atEu.Client, atUs.Client])
        {
            var items = (await (await client.GetAsync("/v1/audit")).ExpectAsync(200))["items"]!.AsArray();
            Assert.Equal(["key.created", "tenant.created"], items.Select(item => (string?)item!["action"]));
            Assert.Equal((atUs.Id, "127.0.0.1", request), ((string?)items[0]!["actor"], (string?)items[0]!["address"], (string?)items[0]!["requestId"]));
        }
    }

    [Fact]
    public async Task A_request_repeated_in_another_region_gets_the_kept_answer()
    {
        var (atEu, atUs) = await pair.NewTenantAsync();
        var first = await PostAsync(atUs.Client, atUs.Id);
        var again = await PostAsync(atEu.Client, atEu.Id);

        Assert.True(JsonNode.DeepEquals(await first.ExpectAsync(201), await again.ExpectAsync(201)));
        Assert.Equal((false, true), (first.Headers.Contains("Idempotent-Replayed"), again.Headers.Contains("Idempotent-Replayed")));
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string tenant)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/tenants/{tenant}/keys") { Content = Responses.Json("""{"name":"k"}""") };
        request.Headers.Add("Idempotency-Key", "once");
        return client.SendAsync(request);
    }
}
