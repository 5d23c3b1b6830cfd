using System.Net.Http.Headers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.Tests.Hosting;

/// <summary>Rules that hold for every route alike.</summary>
public sealed class RouteTests(RealGateway real)
{
    private const string Nobody = "AC00000000000000000000000000000001";

    private const string NoEvent = "EVs00000000000000000000000000000001-1";

    /// <summary>Every route of the API, with ids that name nothing.</summary>
    public static TheoryData<string, string> Routes { get; } = new()
    {
        { "POST", "/v1/tenants" }, { "GET", "/v1/tenants" }, { "GET", $"/v1/tenants/{Nobody}" }, { "PATCH", $"/v1/tenants/{Nobody}" },
        { "POST", $"/v1/tenants/{Nobody}/keys" }, { "GET", $"/v1/tenants/{Nobody}/keys" }, { "DELETE", $"/v1/tenants/{Nobody}/keys/SK00000000000000000000000000000001" },
        { "POST", $"/v1/tenants/{Nobody}/credentials" }, { "GET", $"/v1/tenants/{Nobody}/credentials" },
        { "DELETE", $"/v1/tenants/{Nobody}/credentials/TK00000000000000000000000000000001" }, { "POST", $"/v1/tenants/{Nobody}/shared-secrets/rotate" },
        { "POST", $"/v1/tenants/{Nobody}/signing-keys/rotate" }, { "GET", $"/v1/tenants/{Nobody}/discovery" }, { "PUT", $"/v1/tenants/{Nobody}/discovery" },
        { "POST", "/v1/tokens" }, { "DELETE", "/v1/tokens/TK00000000000000000000000000000001" }, { "DELETE", "/v1/tokens?label=x" },
        { "POST", "/v1/sessions" }, { "GET", "/v1/sessions" }, { "GET", "/v1/sessions/SE00000000000000000000000000000001.local" }, { "GET", "/v1/sessions/SE00000000000000000000000000000001.local/timeline" },
        { "GET", "/v1/sessions/SE00000000000000000000000000000001.local/usage" }, { "DELETE", "/v1/sessions/SE00000000000000000000000000000001.local" },
        { "GET", "/v1/allocations" }, { "GET", "/v1/allocations/AL00000000000000000000000000000001" }, { "DELETE", "/v1/allocations/AL00000000000000000000000000000001" },
        { "GET", "/v1/callbacks" }, { "GET", $"/v1/callbacks/{NoEvent}" }, { "POST", $"/v1/callbacks/{NoEvent}/redeliver" }, { "POST", $"/v1/tenants/{Nobody}/callback-secrets/rotate" },
        { "GET", "/v1/audit" }, { "GET", "/v1/usage" }, { "GET", "/v1/usage/export" },
        { "GET", "/v1/regions" }, { "GET", "/v1/relays" }, { "GET", "/v1/relays/none" }, { "POST", "/v1/relays/none/drain" }, { "GET", "/v1/services" },
    };

    private TestGateway Gateway => real.Gateway;

    [Theory, MemberData(nameof(Routes))]
    public async Task Without_or_with_a_wrong_key_the_answer_is_401_and_says_how_to_authenticate(string method, string path)
    {
        AuthenticationHeaderValue?[] wrong = [null, new("Bearer", "wrong"), new("Basic", "bm9ib2R5OndoYXQ="), new("Digest", "x")];
        foreach (var authorization in wrong)
        {
            using var client = Gateway.Client(authorization);
            var response = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

            await response.ExpectProblemAsync(ProblemCodes.Unauthenticated);
            Assert.Equal(["Bearer", "Basic"], response.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme));
        }
    }

    [Theory, MemberData(nameof(Routes))]
    public async Task Every_answer_is_kept_out_of_caches_and_away_from_sniffing(string method, string path)
    {
        var response = await Gateway.Anonymous.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.True(response.Headers.CacheControl?.NoStore);
        Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public void The_list_of_routes_here_is_the_list_of_routes_mapped()
    {
        var mapped = Mapped().Select(route => $"{route.Method} {route.Pattern}").ToHashSet();

        var listed = Routes.Select(row => (Method: row.Data.Item1, Path: row.Data.Item2.Split('?')[0])).Select(row => $"{row.Method} {Template(row.Path)}").ToHashSet();

        Assert.Equal(mapped.Order(), listed.Order());
    }

    [Fact]
    public void Api_reference_names_every_route()
    {
        var page = File.ReadAllText(Path.Combine(Path.GetDirectoryName(SourcePath())!, "../../../docs/reference/http-api.md"));

        Assert.All(Mapped(), route => Assert.Matches($"`{route.Method} {System.Text.RegularExpressions.Regex.Escape(route.Pattern)}[`?]", page));
    }

    [Fact]
    public async Task Openapi_describes_every_route_with_a_summary_and_how_to_authenticate()
    {
        var document = await (await Gateway.Anonymous.GetAsync("/openapi/v1.json")).ExpectAsync(200);

        Assert.StartsWith("3.1", (string?)document["openapi"], StringComparison.Ordinal);
        Assert.Equal(["basic", "bearer"], document["components"]!["securitySchemes"]!.Names().Order());
        foreach (var (method, pattern) in Mapped())
        {
            var operation = document["paths"]?[pattern]?[method.ToLowerInvariant()];
            Assert.True(operation is not null, $"{method} {pattern} is not in the document.");
            Assert.False(string.IsNullOrEmpty((string?)operation["summary"]), $"{method} {pattern} has no summary.");
            Assert.NotEmpty(operation["security"]!.AsArray());
            Assert.NotNull(operation["responses"]!["401"]);
            Assert.NotEmpty(operation["tags"]!.AsArray());
            Assert.All(
                (operation["parameters"]?.AsArray() ?? []).Where(parameter => (string?)parameter!["in"] == "query"),
                parameter => Assert.False(string.IsNullOrEmpty((string?)parameter!["description"]), $"{method} {pattern}: {parameter["name"]} has no description."));
        }
    }

    [Fact]
    public async Task Openapi_describes_bodies_and_not_the_inside_of_the_gateway()
    {
        var document = await (await Gateway.Anonymous.GetAsync("/openapi/v1.json")).ExpectAsync(200);

        var create = document["paths"]!["/v1/tokens"]!["post"]!;
        Assert.Equal("#/components/schemas/CreateTokenRequest", (string?)create["requestBody"]!["content"]!["application/json"]!["schema"]!["$ref"]);
        Assert.Equal(["tenant", "Idempotency-Key"], create["parameters"]!.AsArray().Select(parameter => (string?)parameter!["name"]));
        Assert.Contains("ttlSeconds", document["components"]!["schemas"]!["CreateTokenRequest"]!["properties"]!.Names());
        Assert.DoesNotContain("JsonBody", document.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("RequestSeed", document.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/about")]
    [InlineData("/docs")]
    [InlineData("/docs/api")]
    [InlineData("/errors")]
    [InlineData("/try")]
    public async Task Pages_ask_nothing_of_other_hosts(string path)
    {
        var response = await Gateway.Anonymous.GetAsync(path);
        var page = await response.Content.ReadAsStringAsync();

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readiness_and_the_page_about_the_gateway_say_that_the_cluster_answers()
    {
        var ready = await (await Gateway.Anonymous.GetAsync("/health/ready")).ExpectAsync(200);

        Assert.Equal("healthy", (string?)ready["checks"]!["cluster"]!["status"]);
        Assert.Contains("<code>cluster</code>: <strong>healthy", await Gateway.Anonymous.GetStringAsync("/about"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_origin_may_call_and_read_the_etag()
    {
        var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/tokens");
        preflight.Headers.Add("Origin", "https://app.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");

        var answer = await Gateway.Anonymous.SendAsync(preflight);

        Assert.Equal(204, (int)answer.StatusCode);
        Assert.Equal(["*"], answer.Headers.GetValues("Access-Control-Allow-Origin"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    private static string SourcePath([System.Runtime.CompilerServices.CallerFilePath] string path = "") => path;

    private IEnumerable<(string Method, string Pattern)> Mapped() =>
        from endpoint in Gateway.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let pattern = "/" + endpoint.RoutePattern.RawText!.Trim('/')
        where pattern.StartsWith("/v1/", StringComparison.Ordinal) && !pattern.StartsWith("/v1/turn/", StringComparison.Ordinal) && endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Authorization.IAllowAnonymous>() is null
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
        select (method, pattern);

    private static string Template(string path) => string.Join('/', path.Split('/').Select(part => part switch
    {
        ['S', 'K', ..] => "{keyId}",
        ['A', 'C', ..] or ['T', 'K', ..] or ['S', 'E', ..] or ['A', 'L', ..] or ['E', 'V', ..] or "none" => "{id}",
        _ => part,
    })).Replace("credentials/{id}", "credentials/{credentialId}", StringComparison.Ordinal);
}
