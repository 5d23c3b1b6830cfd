using System.Net.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Gateway.WebConsole.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>Tenants are written in the control region and known in all.</summary>
[Collection(RegionPair.Collection)]
public sealed class TenantReplicationTests(RegionPair pair)
{
    [Fact]
    public async Task A_tenant_made_in_the_control_region_authenticates_and_mints_in_the_other()
    {
        var (_, there) = await pair.NewTenantAsync();

        var token = await (await there.Client.PostAsJsonAsync("/v1/tokens", new { region = RegionPair.Other })).ExpectAsync(201);

        Assert.Equal(RegionPair.Other, (string?)token["region"]);
    }

    [Fact]
    public async Task A_change_sent_to_the_other_region_is_made_in_the_control_region_and_is_there_at_once_where_it_was_sent()
    {
        var (here, there) = await pair.NewTenantAsync();

        await (await there.Client.PutAsJsonAsync($"/v1/tenants/{there.Id}/discovery", new { decision = "relay-only" })).ExpectAsync(200);

        foreach (var client in (HttpClient[])[there.Client, here.Client])
        {
            var answer = await client.GetAsync($"/v1/tenants/{there.Id}/discovery");
            Assert.Equal("relay-only", (string?)(await answer.ExpectAsync(200))["decision"]);
            Assert.Equal("\"2\"", answer.Headers.ETag?.Tag);
        }
    }

    [Fact]
    public async Task A_key_made_anywhere_opens_every_region_until_it_is_removed()
    {
        var (_, there) = await pair.NewTenantAsync();
        var key = await (await there.Client.PostAsJsonAsync($"/v1/tenants/{there.Id}/keys", new { name = "ci" })).ExpectAsync(201);
        var (id, secret) = ((string)key["id"]!, (string)key["secret"]!);
        using var atEu = pair.Eu.Basic(id, secret);
        using var atUs = pair.Us.Basic(id, secret);
        await (await atEu.GetAsync($"/v1/tenants/{there.Id}")).ExpectAsync(200);
        await (await atUs.GetAsync($"/v1/tenants/{there.Id}")).ExpectAsync(200);

        await (await there.Client.DeleteAsync($"/v1/tenants/{there.Id}/keys/{id}")).ExpectAsync(204);

        foreach (var client in (HttpClient[])[atEu, atUs])
        {
            await RegionPair.UntilAsync(async () => (int)(await client.GetAsync($"/v1/tenants/{there.Id}")).StatusCode == 401, "the key opens nothing any more");
        }
    }

    [Fact]
    public async Task A_suspended_tenant_and_its_sub_accounts_are_suspended_in_every_region()
    {
        var (here, there) = await pair.NewTenantAsync();
        var sub = await pair.Us.NewTenantAsync("sub", there.Client);

        await (await pair.Us.Operator.PatchAsJsonAsync($"/v1/tenants/{here.Id}", new { status = "suspended" })).ExpectAsync(200);

        foreach (var id in (string[])[here.Id, sub.Id])
        {
            await RegionPair.UntilAsync(
                async () => (string?)(await (await pair.Us.Operator.GetAsync($"/v1/tenants/{id}")).ExpectAsync(200))["status"] == "suspended", "the other region has heard of it");
        }

        await (await sub.Client.PostAsJsonAsync("/v1/tokens", new { })).ExpectProblemAsync(ProblemCodes.TenantSuspended);
    }

    [Fact]
    public async Task While_regions_are_parted_tokens_go_on_changes_are_refused_with_what_to_do_and_afterwards_what_was_missed_is_there()
    {
        var (here, there) = await pair.NewTenantAsync();
        await pair.PartitionedAsync(async () =>
        {
            var problem = await (await there.Client.PutAsJsonAsync($"/v1/tenants/{there.Id}/discovery", new { decision = "relay-only" }))
                .ExpectProblemAsync(ProblemCodes.ControlRegionUnreachable);
            Assert.Contains(RegionPair.Control, (string?)problem["detail"], StringComparison.Ordinal);
            await (await there.Client.PostAsJsonAsync("/v1/tokens", new { region = RegionPair.Other })).ExpectAsync(201);
            await (await here.Client.PutAsJsonAsync($"/v1/tenants/{here.Id}/discovery", new { decision = "direct" })).ExpectAsync(200);
            Assert.Equal("prefer-direct", (string?)(await (await there.Client.GetAsync($"/v1/tenants/{there.Id}/discovery")).ExpectAsync(200))["decision"]);
        });

        await RegionPair.UntilAsync(
            async () => (string?)(await (await there.Client.GetAsync($"/v1/tenants/{there.Id}/discovery")).ExpectAsync(200))["decision"] == "direct", "the change made meanwhile is there");
    }

    [Fact]
    public async Task A_grain_outside_of_the_control_region_takes_no_change_of_its_own()
    {
        var (_, there) = await pair.NewTenantAsync();
        Assert.True(TenantId.TryParse(there.Id, out var id));
        var grain = RegionPair.Grains(pair.Us).GetGrain<ITenantGrain>(GrainKeys.Tenant(id));

        await Assert.ThrowsAsync<ControlRegionRequiredException>(() => grain.RotateSigningKeyAsync());
        await Assert.ThrowsAsync<ControlRegionRequiredException>(() => grain.AddKeyAsync(ApiKeyId.New(), "x", new byte[32]));
    }

    [Fact]
    public void Every_route_that_changes_a_tenant_goes_to_the_control_region()
    {
        // What changes no tenant, and where it is answered instead. The console's own routes change none either: it calls these.
        string[] elsewhere =
        [
            "POST /v1/tokens", "POST /v1/sessions", "DELETE /v1/sessions/{id}", "DELETE /v1/allocations/{id}", "POST /v1/relays/{id}/drain", "POST /v1/callbacks/{id}/redeliver",
            "POST /2010-04-01/Accounts/{sid}/Tokens.json", "POST /v1/turn/keys/{keyId}/credentials/generate-ice-servers", "POST /v1/turn/keys/{keyId}/credentials/generate", "POST /turn",
        ];
        var writes =
            from endpoint in pair.Eu.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            where endpoint.Metadata.GetMetadata<ConsoleEndpoint>() is null
            from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
            let route = $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}"
            where method is "POST" or "PUT" or "PATCH" or "DELETE" && !route.Contains("/regions/v1", StringComparison.Ordinal)
            select (Route: route, Marked: endpoint.Metadata.GetMetadata<WrittenInControlRegion>() is not null);

        Assert.NotEmpty(writes);
        Assert.All(writes, write => Assert.True(write.Marked != elsewhere.Contains(write.Route), write.Route));
    }
}
