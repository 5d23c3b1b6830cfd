using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Gateway.Tests.Hosting;

/// <summary>A gateway behind real HTTP on a free loopback port.</summary>
public sealed class TestGateway : IAsyncDisposable
{
    public const string OperatorKey = "operator-key-of-the-tests-0123456789abcdef";

    private TestGateway(WebApplication app, CapturedLogs logs)
    {
        (App, Logs) = (app, logs);
        BaseAddress = new Uri(app.Urls.First());
        Operator = Client(new AuthenticationHeaderValue("Bearer", OperatorKey));
        Anonymous = Client(null);
    }

    public WebApplication App { get; }

    public CapturedLogs Logs { get; }

    public Uri BaseAddress { get; }

    public HttpClient Operator { get; }

    public HttpClient Anonymous { get; }

    /// <param name="addCluster">Adds what gives the gateway its grains.</param>
    /// <param name="settings">Settings beyond the addresses and the operator key.</param>
    /// <param name="prepare">Runs before the host starts.</param>
    public static async Task<TestGateway> StartAsync(
        Action<WebApplicationBuilder> addCluster, IEnumerable<KeyValuePair<string, string?>>? settings = null, Func<WebApplication, Task>? prepare = null)
    {
        var logs = new CapturedLogs();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Gateway:Urls"] = "http://127.0.0.1:0", ["Operator:Key"] = OperatorKey });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddServiceDefaults("gateway-tests");
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(logs);
        addCluster(builder);
        builder.AddGateway();
        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapGateway();
        if (prepare is not null)
        {
            await prepare(app);
        }

        await app.StartAsync();
        return new TestGateway(app, logs);
    }

    public HttpClient Client(AuthenticationHeaderValue? authorization)
    {
        var client = new HttpClient { BaseAddress = BaseAddress, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = authorization;
        return client;
    }

    public HttpClient Basic(string user, string password) =>
        Client(new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))));

    /// <summary>Makes a tenant.</summary>
    public async Task<TestTenant> NewTenantAsync(string name = "Acme", HttpClient? by = null)
    {
        var response = await (by ?? Operator).PostAsJsonAsync("/v1/tenants", new { name });
        var body = await response.ExpectAsync(201);
        var (id, token) = ((string)body["id"]!, (string)body["authToken"]!);
        return new TestTenant(id, token, Basic(id, token));
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
    }
}

/// <summary>A tenant and a client that calls as it.</summary>
public sealed record TestTenant(string Id, string AuthToken, HttpClient Client);

/// <summary>All that was logged, at every level.</summary>
public sealed class CapturedLogs : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}

public static class Responses
{
    /// <summary>Fails with the body when the status is another; reads JSON bodies.</summary>
    public static async Task<JsonNode> ExpectAsync(this HttpResponseMessage response, int status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"Expected {status}, got {(int)response.StatusCode}: {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    /// <summary>Fails unless the response is the problem of this code.</summary>
    public static async Task<JsonNode> ExpectProblemAsync(this HttpResponseMessage response, ProblemCode code)
    {
        var body = await response.ExpectAsync(code.Status);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(code.Code, (string?)body["code"]);
        Assert.Equal(code.Status, (int?)body["status"]);
        return body;
    }

    /// <summary>Names of the members of an object.</summary>
    public static IEnumerable<string> Names(this JsonNode node) => node.AsObject().Select(pair => pair.Key);

    /// <summary>The fields a validation problem names.</summary>
    public static IEnumerable<string> Fields(this JsonNode problem) => problem["errors"]!.Names();

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
