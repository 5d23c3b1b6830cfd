using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Callbacks;

/// <summary>Events from a real silo to a real server, through the API.</summary>
public sealed class CallbacksTests(RealGateway real)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task A_session_is_told_of_signed_by_every_secret_that_holds_and_found_in_the_log()
    {
        await using var receiver = await EventReceiver.StartAsync();
        var tenant = await NewTenantAsync(receiver);
        var older = await RotateAsync(tenant);
        var newer = await RotateAsync(tenant);
        var session = await NewSessionAsync(tenant);
        await (await tenant.Client.DeleteAsync($"/v1/sessions/{session}")).ExpectAsync(204);
        await receiver.ToldAsync(2);

        Assert.Equal(["session.created", "session.ended"], receiver.Told.Select(taken => (string)JsonNode.Parse(taken.Body)!["type"]!));
        foreach (var taken in receiver.Taken)
        {
            var content = $"{taken.Headers["webhook-id"]}.{taken.Headers["webhook-timestamp"]}.{taken.Body}";
            var expected = new[] { newer, older }.Select(secret =>
                "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), Encoding.UTF8.GetBytes(content))));
            Assert.Equal(expected, taken.Headers["webhook-signature"].Split(' '));
            Assert.Equal((string)JsonNode.Parse(taken.Body)!["id"]!, taken.Headers["webhook-id"]);
        }

        var list = await ListAsync(tenant, $"?session={session}", items => items.Count == 2 && items.All(item => (string)item!["status"]! == "delivered"));
        Assert.Equal(["session.ended", "session.created"], list.Select(item => (string)item!["type"]!));
        var id = (string)list[1]!["id"]!;
        var one = await (await tenant.Client.GetAsync($"/v1/callbacks/{id}")).ExpectAsync(200);
        Assert.Equal(receiver.Taken.First().Body, (string)one["body"]!);
        Assert.Equal(204, (int)one["lastAttempts"]!.AsArray()[^1]!["status"]!);
    }

    [Fact]
    public async Task An_event_is_tried_until_it_is_taken_and_can_be_asked_for_again()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Status = 500;
        var tenant = await NewTenantAsync(receiver);
        var session = await NewSessionAsync(tenant);
        var waiting = await ListAsync(tenant, $"?session={session}&status=pending", items => items is [{ } item] && item["lastAttempts"]!.AsArray().Any(attempt => (string?)attempt!["problem"] == "it answered 500"));
        Assert.InRange((int)waiting[0]!["attempts"]!, 1, int.MaxValue);

        receiver.Status = 204;
        await receiver.TakenAsync(1);
        await ListAsync(tenant, "?status=delivered", items => items.Count == 1);
        var (id, before) = (receiver.Taken.First().Headers["webhook-id"], receiver.Taken.Count);
        await (await tenant.Client.PostAsync($"/v1/callbacks/{id}/redeliver", null)).ExpectAsync(202);
        await receiver.TakenAsync(before + 1);
        Assert.Equal([id], receiver.Taken.Select(taken => taken.Headers["webhook-id"]).Distinct());
        Assert.Single(receiver.Taken.Select(taken => taken.Body).Distinct());
    }

    [Fact]
    public async Task Deliveries_of_another_tenant_look_like_missing_ones()
    {
        await using var receiver = await EventReceiver.StartAsync();
        var (tenant, other) = (await NewTenantAsync(receiver), await Gateway.NewTenantAsync());
        await NewSessionAsync(tenant);
        await receiver.TakenAsync(1);
        var id = receiver.Taken.First().Headers["webhook-id"];

        await (await other.Client.GetAsync($"/v1/callbacks/{id}")).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await other.Client.PostAsync($"/v1/callbacks/{id}/redeliver", null)).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await other.Client.GetAsync($"/v1/callbacks?tenant={tenant.Id}")).ExpectProblemAsync(ProblemCodes.NotFound);
        Assert.Empty((await (await other.Client.GetAsync("/v1/callbacks")).ExpectAsync(200))["items"]!.AsArray());
        await (await Gateway.Operator.GetAsync($"/v1/callbacks/{id}?tenant={tenant.Id}")).ExpectAsync(200);
        await (await tenant.Client.GetAsync("/v1/callbacks/EVs00000000000000000000000000000001-1")).ExpectProblemAsync(ProblemCodes.NotFound);
        var refused = await (await tenant.Client.GetAsync("/v1/callbacks?status=lost&session=x&after=y&limit=0")).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(["after", "limit", "session", "status"], refused.Fields());
    }

    [Fact]
    public async Task A_repeated_rotation_makes_one_secret_and_no_secret_reaches_the_log()
    {
        await using var receiver = await EventReceiver.StartAsync();
        var tenant = await NewTenantAsync(receiver);
        var answers = new List<JsonNode>();
        for (var i = 0; i < 2; i++)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/tenants/{tenant.Id}/callback-secrets/rotate") { Headers = { { "Idempotency-Key", "once" } } };
            answers.Add(await (await tenant.Client.SendAsync(request)).ExpectAsync(200));
        }

        Assert.Equal((string)answers[0]["secret"]!, (string)answers[1]["secret"]!);
        Assert.Equal((int)answers[0]["version"]!, (int)answers[1]["version"]!);
        await NewSessionAsync(tenant);
        await receiver.TakenAsync(1);
        Assert.DoesNotContain(Gateway.Logs.Lines, line => line.Contains(((string)answers[0]["secret"]!)["whsec_".Length..], StringComparison.Ordinal));
    }

    private async Task<TestTenant> NewTenantAsync(EventReceiver receiver)
    {
        var tenant = await Gateway.NewTenantAsync();
        await (await tenant.Client.PutAsJsonAsync($"/v1/tenants/{tenant.Id}/discovery", new { callbacks = new { eventUrl = $"{receiver.Url}/events" } })).ExpectAsync(200);
        return tenant;
    }

    private static async Task<string> RotateAsync(TestTenant tenant) =>
        (string)(await (await tenant.Client.PostAsync($"/v1/tenants/{tenant.Id}/callback-secrets/rotate", null)).ExpectAsync(200))["secret"]!;

    private static async Task<string> NewSessionAsync(TestTenant tenant) =>
        (string)(await (await tenant.Client.PostAsJsonAsync("/v1/sessions", new { endpoints = new[] { new { name = "alice" }, new { name = "bob" } } })).ExpectAsync(201))["id"]!;

    // The log follows the receiver: what was taken is noted a moment later.
    private static async Task<JsonArray> ListAsync(TestTenant tenant, string query, Func<JsonArray, bool> until)
    {
        JsonArray items = [];
        await Eventually.EventuallyAsync(async () => until(items = (await (await tenant.Client.GetAsync($"/v1/callbacks{query}")).ExpectAsync(200))["items"]!.AsArray()), Patience, $"the log {query} is as expected");
        return items;
    }
}
