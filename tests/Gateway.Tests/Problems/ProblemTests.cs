using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tests.Problems;

public sealed class ProblemTests(FakeGateway fake) : IClassFixture<FakeGateway>
{
    private TestGateway Gateway => fake.Gateway;

    [Theory]
    [InlineData("{")]
    [InlineData("{\"name\":\"a\",}")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}")]
    [InlineData("nonsense")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"name\":\"\\udc00\"}")]
    [InlineData("{\"name\":null,\"\\ud800x\":[]}")]
    public async Task Body_that_is_not_json_is_malformed_json(string body) =>
        await (await Gateway.Operator.PostAsync("/v1/tenants", Responses.Json(body))).ExpectProblemAsync(ProblemCodes.MalformedJson);

    [Fact]
    public async Task Body_that_is_not_utf8_is_malformed_json()
    {
        foreach (var body in (byte[][])[[.. "{\"name\":\""u8, 0xFF, .. "\"}"u8], [.. "{\"a"u8, 0xC3, .. "\":1}"u8], [0x80]])
        {
            using var content = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/json" } } };
            await (await Gateway.Operator.PostAsync("/v1/tenants", content)).ExpectProblemAsync(ProblemCodes.MalformedJson);
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    public async Task Json_that_is_no_object_is_a_bad_body(string body)
    {
        var problem = await (await Gateway.Operator.PostAsync("/v1/tenants", Responses.Json(body))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(["body"], problem.Fields());
    }

    [Fact]
    public async Task Absent_body_reads_as_an_empty_object()
    {
        var problem = await (await Gateway.Operator.PostAsync("/v1/tenants", null)).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(["name"], problem.Fields());
    }

    [Fact]
    public async Task Problem_carries_type_instance_action_and_trace_and_its_type_leads_to_the_description()
    {
        var problem = await (await Gateway.Operator.GetAsync("/v1/tenants/AC1")).ExpectProblemAsync(ProblemCodes.NotFound);

        Assert.Equal(["type", "title", "status", "instance", "code", "action", "traceId"], problem.Names());
        Assert.Equal("/v1/tenants/AC1", (string?)problem["instance"]);
        Assert.Contains("id=\"not_found\"", await Gateway.Anonymous.GetStringAsync((string)problem["type"]!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_route_wrong_method_and_wrong_media_type_are_problems_too()
    {
        await (await Gateway.Anonymous.GetAsync("/v1/nothing")).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await Gateway.Anonymous.GetAsync("/nothing")).ExpectProblemAsync(ProblemCodes.NotFound);
        var wrongMethod = await Gateway.Operator.PutAsync("/v1/tenants", null);
        await wrongMethod.ExpectProblemAsync(ProblemCodes.MethodNotAllowed);
        Assert.Equal(["GET", "POST"], wrongMethod.Content.Headers.Allow.Order());
        await (await Gateway.Operator.PostAsync("/v1/tenants", new StringContent("name=a", Encoding.UTF8, "application/x-www-form-urlencoded")))
            .ExpectProblemAsync(ProblemCodes.UnsupportedMediaType);
    }

    [Fact]
    public async Task Body_beyond_the_limit_is_413()
    {
        var cluster = new FakeCluster();
        await using var gateway = await FakeGateway.StartAsync(cluster, new() { ["Gateway:MaxRequestBodyBytes"] = "2048" });

        await (await gateway.Operator.PostAsync("/v1/tenants", Responses.Json($$"""{"name":"{{new string('x', 3000)}}"}"""))).ExpectProblemAsync(ProblemCodes.BodyTooLarge);
    }

    public static TheoryData<Exception, string> Failures { get; } = new()
    {
        { new TimeoutException("secret detail"), "cluster_unavailable" },
        { new SiloUnavailableException("secret detail"), "cluster_unavailable" },
        { new OrleansException("secret detail"), "cluster_unavailable" },
        { new OrleansException("secret detail", new Orleans.Storage.BadProviderConfigException()), "storage_unavailable" },
        { new Npgsql.NpgsqlException("secret detail"), "storage_unavailable" },
        { new StorageUnavailableException("secret detail"), "storage_unavailable" },
        { new Orleans.Serialization.CodecNotFoundException("secret detail"), "cluster_unavailable" },
        { new ArgumentException("secret detail"), "internal_error" },
        { new NotSupportedException("secret detail"), "internal_error" },
    };

    [Theory, MemberData(nameof(Failures))]
    public async Task Failures_behind_the_gateway_are_503_with_retry_after_and_tell_nothing(Exception failure, string code)
    {
        var cluster = new FakeCluster();
        await using var gateway = await FakeGateway.StartAsync(cluster);
        cluster.Failure = failure;

        var response = await gateway.Operator.GetAsync("/v1/tenants/AC00000000000000000000000000000001");

        var problem = await response.ExpectProblemAsync(ProblemCodes.All.Single(known => known.Code == code));
        Assert.DoesNotContain("secret detail", problem.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(code != "internal_error", response.Headers.RetryAfter is not null);
        Assert.True(response.Headers.CacheControl?.NoStore);
        Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
    }

    [Fact]
    public void A_call_that_a_leaving_silo_cancels_is_503() =>
        Assert.Equal(ProblemCodes.ClusterUnavailable, ClusterFailure.Classify(new OperationCanceledException()));

    [Fact]
    public void A_client_that_knows_no_silo_with_the_grain_is_503()
    {
        using var host = new HostBuilder().UseOrleansClient(client => client.UseLocalhostClustering()).Build();

        // What the client throws as long as the silos it knows are still starting: nothing of ours has been asked yet.
        var failure = Assert.Throws<ArgumentException>(() => host.Services.GetRequiredService<IGrainFactory>().GetGrain<ITenantGrain>("t/x"));

        Assert.Equal(ProblemCodes.ClusterUnavailable, ClusterFailure.Classify(failure));
    }

    [Fact]
    public async Task Without_a_cluster_the_gateway_is_alive_and_not_ready()
    {
        var cluster = new FakeCluster { Failure = new TimeoutException() };
        await using var gateway = await FakeGateway.StartAsync(cluster);

        Assert.Equal(200, (int)(await gateway.Anonymous.GetAsync("/health/live")).StatusCode);
        Assert.Equal(503, (int)(await gateway.Anonymous.GetAsync("/health/ready")).StatusCode);
        Assert.Contains("unhealthy", await gateway.Anonymous.GetStringAsync("/about"), StringComparison.Ordinal);
    }

    [Fact]
    public void Codes_are_unique_and_all_are_in_the_catalogue()
    {
        var declared = typeof(ProblemCodes).GetFields().Select(field => field.GetValue(null)).OfType<ProblemCode>().ToList();

        Assert.Equal(declared.Select(code => code.Code).Order(), ProblemCodes.All.Select(code => code.Code).Order());
        Assert.Distinct(declared.Select(code => code.Code));
        Assert.All(declared, code => Assert.Matches("^[a-z]+(_[a-z]+)*$", code.Code));
    }
}
