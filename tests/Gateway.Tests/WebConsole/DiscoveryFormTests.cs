using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Gateway.WebConsole.Calls;
using NetDiscovery.Gateway.WebConsole.Components;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tests.WebConsole;

public sealed class DiscoveryFormTests(RealGateway real)
{
    private const string Full = """
        {
          "version": 1,
          "tokenTtlSeconds": { "default": 600, "max": 3600 }, "regions": ["local", "eu-1"], "transports": ["udp", "tls"], "decision": "relay-only",
          "peers": { "allow": ["10.0.0.0/8"], "deny": ["10.1.0.0/16", "2001:db8::/32"] },
          "quotas": { "concurrentAllocations": 10, "concurrentAllocationsPerCredential": 2, "relayedBytesPerMonth": 1000000000000, "onQuota": "notify", "bitsPerSecondPerAllocation": 1000, "bitsPerSecond": 0, "allocatesPerSecondPerRelay": 50 },
          "callbacks": { "eventUrl": "https://app.example/events", "decisionUrl": "https://app.example/decide", "decisionTimeoutMs": 500, "onDecisionTimeout": "deny" },
          "endpoints": { "alice": "https://app.example/alice", "front door": "https://app.example/door" }
        }
        """;

    private JsonSerializerOptions Json => real.Gateway.App.Services.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions;

    private ConfigurationCheck Check => real.Gateway.App.Services.GetRequiredService<ConfigurationCheck>();

    [Theory]
    [InlineData(Full)]
    [InlineData("{}")]
    public void What_is_in_force_comes_out_of_the_form_as_it_went_in(string text)
    {
        var configuration = JsonSerializer.Deserialize<DiscoveryConfiguration>(text, Json)!;

        var written = DiscoveryForm.Of(configuration).ToJson().Deserialize<DiscoveryConfiguration>(Json)!;

        Assert.Equal(JsonSerializer.Serialize(configuration, Json), JsonSerializer.Serialize(written, Json));
        Assert.Empty(Check.Check(DiscoveryForm.Pretty(DiscoveryForm.Of(configuration).ToJson())));
    }

    [Fact]
    public void Every_field_of_the_configuration_is_in_the_form()
    {
        var all = JsonNode.Parse(JsonSerializer.Serialize(DiscoveryConfiguration.Default, Json))!.AsObject();
        all.Remove("version");

        Assert.Equal(Leaves(all).Order(), Leaves(DiscoveryForm.Of(DiscoveryConfiguration.Default).ToJson()).Order());
    }

    [Theory]
    [InlineData("tokenTtlSeconds.max", "a week", "tokenTtlSeconds.max")]
    [InlineData("quotas.bitsPerSecond", "-1", "quotas.bitsPerSecond")]
    [InlineData("peers.deny", "10.0.0.0/8, everybody", "peers.deny[1]")]
    [InlineData("regions", "Mars", "regions[0]")]
    [InlineData("callbacks.eventUrl", "ftp://app.example", "callbacks.eventUrl")]
    [InlineData("endpoints", "alice", "endpoints.alice")]
    [InlineData("decision", "perhaps", "decision")]
    public void What_is_typed_wrong_is_named_as_the_api_names_it(string path, string typed, string field)
    {
        var form = DiscoveryForm.Of(DiscoveryConfiguration.Default);
        form[path] = typed;

        Assert.Equal([field], Check.Check(DiscoveryForm.Pretty(form.ToJson())).Keys);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"decision":"direct","decision":"direct"}""")]
    public void What_is_no_configuration_at_all_is_said(string text) => Assert.Equal(["body"], Check.Check(text).Keys);

    private static IEnumerable<string> Leaves(JsonNode? node, string path = "") => node is JsonObject { Count: > 0 } members
        ? members.SelectMany(member => Leaves(member.Value, $"{path}.{member.Key}"))
        : [path];
}
