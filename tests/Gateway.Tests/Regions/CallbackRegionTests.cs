using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>Events are sent by the region of their session, with secrets of the control region.</summary>
[Collection(RegionPair.Collection)]
public sealed class CallbackRegionTests(RegionPair pair)
{
    [Fact]
    public async Task An_event_of_another_region_is_signed_with_a_secret_of_the_control_region()
    {
        await using var receiver = await EventReceiver.StartAsync();
        var (here, there) = await NewTenantAsync(receiver);
        var session = await SessionRegionTests.MakeAsync(there, RegionPair.Other, RegionPair.Other);
        var created = await TakenAsync(receiver, "session.created");

        // The platform's own secret is shown to nobody; the tenant's, made by way of either region, signs beside it.
        Assert.Single(Signatures(created));
        var rotated = await (await there.Client.PostAsync($"/v1/tenants/{there.Id}/callback-secrets/rotate", null)).ExpectAsync(200);
        Assert.Equal(2, (int)rotated["version"]!);
        await RegionPair.UntilAsync(async () => (await TenantThere(there).GetCallbackTargetAsync())!.Secrets.Length == 2, "the other region has both secrets");
        await (await here.Client.DeleteAsync($"/v1/sessions/{session["id"]}")).ExpectAsync(204);

        var ended = await TakenAsync(receiver, "session.ended");
        var signed = HMACSHA256.HashData(
            Convert.FromBase64String(((string)rotated["secret"]!)["whsec_".Length..]), Encoding.UTF8.GetBytes($"{ended.Headers["webhook-id"]}.{ended.Headers["webhook-timestamp"]}.{ended.Body}"));
        Assert.Equal(2, Signatures(ended).Length);
        Assert.Equal($"v1,{Convert.ToBase64String(signed)}", Signatures(ended)[0]);
    }

    [Fact]
    public async Task The_log_of_a_region_is_read_at_every_gateway()
    {
        await using var receiver = await EventReceiver.StartAsync();
        var (here, there) = await NewTenantAsync(receiver);
        await SessionRegionTests.MakeAsync(there, RegionPair.Other, RegionPair.Other);
        var created = await TakenAsync(receiver, "session.created");
        var id = created.Headers["webhook-id"];

        foreach (var client in (HttpClient[])[here.Client, there.Client])
        {
            var listed = Assert.Single((await (await client.GetAsync($"/v1/callbacks?region={RegionPair.Other}")).ExpectAsync(200))["items"]!.AsArray());
            Assert.Equal(id, (string?)listed!["id"]);
            Assert.Equal(created.Body, (string?)(await (await client.GetAsync($"/v1/callbacks/{id}?region={RegionPair.Other}")).ExpectAsync(200))["body"]);
        }

        Assert.Empty((await (await here.Client.GetAsync("/v1/callbacks")).ExpectAsync(200))["items"]!.AsArray());
        await (await here.Client.GetAsync($"/v1/callbacks/{id}")).ExpectProblemAsync(ProblemCodes.NotFound);
        var before = receiver.Taken.Count;
        await (await here.Client.PostAsync($"/v1/callbacks/{id}/redeliver?region={RegionPair.Other}", null)).ExpectAsync(202);
        await receiver.TakenAsync(before + 1);
    }

    // At least once: by type, not by number.
    private static async Task<ReceivedEvent> TakenAsync(EventReceiver receiver, string type)
    {
        bool Is(ReceivedEvent taken) => (string?)JsonNode.Parse(taken.Body)!["type"] == type;
        await Eventually.EventuallyAsync(() => receiver.Taken.Any(Is), TimeSpan.FromSeconds(60), $"{type} is taken by the receiver");
        return receiver.Taken.First(Is);
    }

    private static string[] Signatures(ReceivedEvent taken) => taken.Headers["webhook-signature"].Split(' ');

    private async Task<(TestTenant Here, TestTenant There)> NewTenantAsync(EventReceiver receiver)
    {
        var (here, there) = await pair.NewTenantAsync();
        await (await there.Client.PutAsJsonAsync($"/v1/tenants/{there.Id}/discovery", new { callbacks = new { eventUrl = $"{receiver.Url}/events" } })).ExpectAsync(200);
        await RegionPair.UntilAsync(async () => (await TenantThere(there).GetCallbackTargetAsync())?.EventUrl is not null, "the other region knows where events go");
        return (here, there);
    }

    private ITenantGrain TenantThere(TestTenant tenant) =>
        RegionPair.Grains(pair.Us).GetGrain<ITenantGrain>(GrainKeys.Tenant(TenantId.TryParse(tenant.Id, out var id) ? id : default));
}
