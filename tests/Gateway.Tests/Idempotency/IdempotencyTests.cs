using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Tests.Hosting;

namespace NetDiscovery.Gateway.Tests.Idempotency;

public sealed class IdempotencyTests(RealGateway real)
{
    private const string Session = """{"endpoints":[{"name":"a"},{"name":"b"}]}""";

    private TestGateway Gateway => real.Gateway;

    [Fact]
    public async Task Repeated_tenant_is_the_same_with_the_same_secret_and_another_body_is_refused()
    {
        var key = Guid.NewGuid().ToString();
        var first = await (await PostAsync(Gateway.Operator, "/v1/tenants", """{"name":"one"}""", key)).ExpectAsync(201);
        var again = await (await PostAsync(Gateway.Operator, "/v1/tenants", """{"name":"one"}""", key)).ExpectAsync(201);

        Assert.True(JsonNode.DeepEquals(first, again));
        await (await PostAsync(Gateway.Operator, "/v1/tenants", """{"name":"two"}""", key)).ExpectProblemAsync(ProblemCodes.IdempotencyKeyReused);
        var other = await (await PostAsync(Gateway.Operator, "/v1/tenants", """{"name":"one"}""", key + "x")).ExpectAsync(201);
        Assert.NotEqual((string?)first["id"], (string?)other["id"]);
        Assert.NotEqual((string?)first["authToken"], (string?)other["authToken"]);
    }

    [Fact]
    public async Task Repeated_key_is_made_once()
    {
        var tenant = await Gateway.NewTenantAsync();
        var path = $"/v1/tenants/{tenant.Id}/keys";
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => await (await PostAsync(tenant.Client, path, """{"name":"k"}""", "one")).ExpectAsync(201)));

        Assert.All(answers, answer => Assert.True(JsonNode.DeepEquals(answers[0], answer)));
        Assert.Single((await (await tenant.Client.GetAsync(path)).ExpectAsync(200))["items"]!.AsArray());
        await (await PostAsync(tenant.Client, path, """{"name":"other"}""", "one")).ExpectProblemAsync(ProblemCodes.IdempotencyKeyReused);
    }

    [Fact]
    public async Task Same_key_of_two_tenants_makes_two_things()
    {
        var (one, two) = (await Gateway.NewTenantAsync(), await Gateway.NewTenantAsync());
        var first = await (await PostAsync(one.Client, "/v1/sessions", Session, "k")).ExpectAsync(201);
        var second = await (await PostAsync(two.Client, "/v1/sessions", Session, "k")).ExpectAsync(201);
        Assert.NotEqual((string?)first["id"], (string?)second["id"]);
    }

    [Fact]
    public async Task Repeated_session_has_the_same_join_tokens_and_another_body_is_refused()
    {
        var tenant = await Gateway.NewTenantAsync();
        var first = await (await PostAsync(tenant.Client, "/v1/sessions", Session, "s")).ExpectAsync(201);
        var again = await (await PostAsync(tenant.Client, "/v1/sessions", Session, "s")).ExpectAsync(201);

        Assert.Equal((string?)first["id"], (string?)again["id"]);
        Assert.Equal((string?)first["endpoints"]![1]!["joinToken"], (string?)again["endpoints"]![1]!["joinToken"]);
        await (await PostAsync(tenant.Client, "/v1/sessions", """{"endpoints":[{"name":"a"},{"name":"c"}]}""", "s")).ExpectProblemAsync(ProblemCodes.IdempotencyKeyReused);
    }

    [Fact]
    public async Task Repeated_token_has_the_same_id()
    {
        var tenant = await Gateway.NewTenantAsync();
        var first = await (await PostAsync(tenant.Client, "/v1/tokens", "{}", "t")).ExpectAsync(201);
        var again = await (await PostAsync(tenant.Client, "/v1/tokens", "{}", "t")).ExpectAsync(201);
        var plain = await (await PostAsync(tenant.Client, "/v1/tokens", "{}", null)).ExpectAsync(201);

        Assert.Equal((string?)first["id"], (string?)again["id"]);
        Assert.NotEqual((string?)first["id"], (string?)plain["id"]);
    }

    [Fact]
    public async Task A_repetition_gets_the_same_bytes_and_is_marked_as_one()
    {
        var tenant = await Gateway.NewTenantAsync();
        var path = $"/v1/tenants/{tenant.Id}/credentials";
        var first = await PostAsync(tenant.Client, path, """{"username":"camera","label":"door"}""", "c");
        await (await tenant.Client.DeleteAsync(first.Headers.Location)).ExpectAsync(204);

        // Other spaces, another order: the same request.
        var again = await PostAsync(tenant.Client, path, """{ "label": "door", "username": "camera" }""", "c");

        Assert.Equal((201, 201), ((int)first.StatusCode, (int)again.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal((first.Headers.Location, first.Content.Headers.ContentType), (again.Headers.Location, again.Content.Headers.ContentType));
        Assert.Equal((false, true), (first.Headers.Contains("Idempotent-Replayed"), again.Headers.Contains("Idempotent-Replayed")));
        Assert.Empty((await (await tenant.Client.GetAsync(path)).ExpectAsync(200))["items"]!.AsArray());
        await (await PostAsync(tenant.Client, path, """{"username":"camera","label":"gate"}""", "c")).ExpectProblemAsync(ProblemCodes.IdempotencyKeyReused);
    }

    [Fact]
    public async Task Repetitions_at_the_same_time_are_answered_once()
    {
        var tenant = await Gateway.NewTenantAsync();
        var path = $"/v1/tenants/{tenant.Id}/shared-secrets/rotate";
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => PostAsync(tenant.Client, path, "", "r")));

        var bodies = await Task.WhenAll(answers.Select(answer => answer.ExpectAsync(200)));
        Assert.All(bodies, body => Assert.True(JsonNode.DeepEquals(bodies[0], body)));
        Assert.Single(answers, answer => !answer.Headers.Contains("Idempotent-Replayed"));
        Assert.Equal(1, (int?)bodies[0]["version"]);
    }

    [Fact]
    public async Task A_refused_request_may_be_corrected_under_the_same_key()
    {
        var tenant = await Gateway.NewTenantAsync();
        var path = $"/v1/tenants/{tenant.Id}/credentials";
        await (await PostAsync(tenant.Client, path, """{"username":"camera"}""", "first")).ExpectAsync(201);

        await (await PostAsync(tenant.Client, path, """{"username":"camera"}""", "second")).ExpectProblemAsync(ProblemCodes.UsernameTaken);
        await (await PostAsync(tenant.Client, path, """{"username":"door"}""", "second")).ExpectAsync(201);
    }

    [Fact]
    public async Task What_is_kept_shows_no_secret()
    {
        var tenant = await Gateway.NewTenantAsync();
        var made = await (await PostAsync(tenant.Client, $"/v1/tenants/{tenant.Id}/keys", """{"name":"a name to look for"}""", "k")).ExpectAsync(201);

        var files = Directory.GetFiles(real.DataPath, "netdiscovery.db*");
        var stored = string.Concat(files.Select(file => Encoding.Latin1.GetString(ReadShared(file))));
        Assert.DoesNotContain((string)made["secret"]!, stored, StringComparison.Ordinal);
        var answers = StatesWithAnswers().SelectMany(static state => Regex.Matches(state, "\"answer\":\"([^\"]+)\""))
            .Select(static match => Convert.FromBase64String(Regex.Unescape(match.Groups[1].Value))).ToList();
        Assert.NotEmpty(answers);
        Assert.All(answers, answer => Assert.DoesNotContain((string)made["secret"]!, Encoding.UTF8.GetString(answer), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tab\tinside")]
    [InlineData(null)]
    public async Task Key_that_is_empty_too_long_or_not_printable_is_refused(string? key)
    {
        var tenant = await Gateway.NewTenantAsync();
        var problem = await (await PostAsync(tenant.Client, "/v1/tokens", "{}", key ?? new string('x', 256))).ExpectProblemAsync(ProblemCodes.ValidationFailed);
        Assert.Equal(["Idempotency-Key"], problem.Fields());
    }

    // Read as rows: in the file itself a long text is cut into pages.
    private List<string> StatesWithAnswers()
    {
        using var database = new SqliteConnection($"Data Source={Path.Combine(real.DataPath, "netdiscovery.db")};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = "SELECT state FROM grain_state WHERE state LIKE '%\"answer\":%'";
        using var rows = command.ExecuteReader();
        var states = new List<string>();
        while (rows.Read())
        {
            states.Add(rows.GetString(0));
        }

        return states;
    }

    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string path, string body, string? key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            Assert.True(request.Headers.TryAddWithoutValidation("Idempotency-Key", key));
        }

        return client.SendAsync(request);
    }
}
