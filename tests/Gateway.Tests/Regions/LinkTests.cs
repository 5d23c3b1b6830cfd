using System.Diagnostics;
using System.Net.Http.Headers;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Fakes;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.ServiceDefaults.Regions;
using NetDiscovery.Silo.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Regions;

/// <summary>Who is believed to be another region.</summary>
public sealed class LinkTests(LinkTests.Fixture fixture) : IClassFixture<LinkTests.Fixture>
{
    private const string Status = "/regions/v1/status";

    private TestGateway Gateway => fixture.Gateway;

    [Fact]
    public async Task A_signed_request_of_a_known_region_is_answered()
    {
        var answer = await (await SendAsync(TwoRegions.Request(Gateway.BaseAddress, Status))).ExpectAsync(200);

        Assert.Equal("local", (string?)answer["status"]!["name"]);
    }

    [Fact]
    public async Task The_secret_before_still_counts_so_that_secrets_can_be_replaced() =>
        await (await SendAsync(TwoRegions.Request(Gateway.BaseAddress, Status, secret: TwoRegions.OlderSecret))).ExpectAsync(200);

    [Theory]
    [InlineData(null)]
    [InlineData("operator")]
    [InlineData("tenant")]
    public async Task Routes_between_regions_do_not_exist_for_anybody_else(string? caller)
    {
        var tenant = await Gateway.NewTenantAsync();
        var client = caller switch { null => Gateway.Anonymous, "operator" => Gateway.Operator, _ => tenant.Client };

        await (await client.PostAsync(Status, Responses.Json("{}"))).ExpectProblemAsync(ProblemCodes.NotFound);
        await (await client.GetAsync("/regions/v1/none")).ExpectProblemAsync(ProblemCodes.NotFound);
    }

    [Fact]
    public async Task A_gateway_that_stops_answers_the_region_that_waits_for_changes_and_does_not_wait_itself()
    {
        using var data = new TempFolder();
        await using var gateway = await TestGateway.StartAsync(
            builder => builder.AddSilo(), TwoRegions.Settings().Append(new("Data:Path", data.Path)), app => app.PrepareStorageAsync());
        const string WaitsForHalfAMinute = """{"after":0,"limit":100,"waitMilliseconds":30000}""";
        var waiting = SendAsync(TwoRegions.Request(gateway.BaseAddress, "/regions/v1/tenants/feed", WaitsForHalfAMinute));

        // What is asked later is answered while the first question waits.
        for (var later = 0; later < 3; later++)
        {
            await (await SendAsync(TwoRegions.Request(gateway.BaseAddress, Status))).ExpectAsync(200);
        }

        Assert.False(waiting.IsCompleted);
        var asked = Stopwatch.StartNew();

        gateway.App.Lifetime.StopApplication();

        Assert.Empty((await (await waiting).ExpectAsync(200))["items"]!.AsArray());
        Assert.True(asked.Elapsed < TimeSpan.FromSeconds(15), $"The answer came {asked.Elapsed.TotalSeconds:F0} s after the gateway was told to stop.");
    }

    public static TheoryData<string, string> Forgeries => new()
    {
        { "another secret", "no secret" }, { "another region's name", "is not one of Region:Peers" }, { "for another region", "is for the region" }, { "another path", "no secret" },
        { "another body", "the body" }, { "an hour old", "clocks differ" }, { "an hour ahead", "clocks differ" }, { "no form", "another form" }, { "forwarded for another", "no secret" },
    };

    [Theory, MemberData(nameof(Forgeries))]
    public async Task What_is_not_proven_is_refused_and_the_answer_says_what_to_look_at(string forgery, string says)
    {
        var now = TimeProvider.System.GetUtcNow();
        var at = Gateway.BaseAddress;
        var request = forgery switch
        {
            "another secret" => TwoRegions.Request(at, Status, secret: new string('x', 40)),
            "another region's name" => TwoRegions.Request(at, Status, from: "us-1"),
            "for another region" => TwoRegions.Request(at, Status, to: "us-1"),
            "another path" => TwoRegions.Request(at, Status, signedPath: "/regions/v1/other"),
            "another body" => TwoRegions.Request(at, Status, body: """{"a":1}""", signedBody: "{}"),
            "an hour old" => TwoRegions.Request(at, Status, at: now.AddHours(-1)),
            "an hour ahead" => TwoRegions.Request(at, Status, at: now.AddHours(1)),
            _ => TwoRegions.Request(at, Status),
        };
        if (forgery == "no form")
        {
            request.Headers.Remove(LinkSignature.Header);
            request.Headers.Add(LinkSignature.Header, "v1;from=eu-1");
        }

        if (forgery == "forwarded for another")
        {
            request.Headers.Add(LinkSignature.ForwardedHeader, "e30");
        }

        var problem = await (await SendAsync(request)).ExpectProblemAsync(ProblemCodes.LinkRefused);

        Assert.Contains(says, (string?)problem["detail"], StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(TwoRegions.Secret, problem.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_counts_once()
    {
        var request = TwoRegions.Request(Gateway.BaseAddress, Status);
        var header = request.Headers.GetValues(LinkSignature.Header).Single();
        await (await SendAsync(request)).ExpectAsync(200);

        var again = new HttpRequestMessage(HttpMethod.Post, new Uri(Gateway.BaseAddress, Status)) { Content = Responses.Json("{}") };
        again.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" };
        again.Headers.Add(LinkSignature.Header, header);

        var problem = await (await SendAsync(again)).ExpectProblemAsync(ProblemCodes.LinkRefused);
        Assert.Contains("before", (string?)problem["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_opens_no_route_of_tenants()
    {
        var request = TwoRegions.Request(Gateway.BaseAddress, "/v1/tenants", body: """{"name":"x"}""");

        await (await SendAsync(request)).ExpectProblemAsync(ProblemCodes.Unauthenticated);
    }

    [Fact]
    public void Nonces_are_remembered_for_as_long_as_a_signature_is_good()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var window = new NetDiscovery.Gateway.Regions.ReplayWindow(time);
        var nonce = new string('a', 32);
        Assert.True(window.Accept(nonce));
        for (var seconds = 0; seconds < 120; seconds += 10)
        {
            Assert.False(window.Accept(nonce));
            time.Advance(TimeSpan.FromSeconds(10));
        }

        time.Advance(TimeSpan.FromSeconds(240));
        Assert.True(window.Accept(nonce));
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => Gateway.Anonymous.SendAsync(request);

    public sealed class Fixture : IAsyncLifetime
    {
        public TestGateway Gateway { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Gateway = await FakeGateway.StartAsync(new FakeCluster(), TwoRegions.Settings());

        public async ValueTask DisposeAsync() => await Gateway.DisposeAsync();
    }
}
