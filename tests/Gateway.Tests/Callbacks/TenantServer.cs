using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NetDiscovery.Gateway.Tests.Callbacks;

/// <summary>A server as a tenant runs one: real HTTP on a free loopback port; notes what it is asked.</summary>
public sealed class TenantServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private TenantServer(WebApplication app) => this.app = app;

    public string Url => app.Urls.First();

    public ConcurrentQueue<JsonNode> Asked { get; } = new();

    /// <param name="answer">Writes the answer to a question.</param>
    public static async Task<TenantServer> StartAsync(Func<JsonNode, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var server = new TenantServer(app);
        app.MapPost("/{**path}", async context =>
        {
            var question = (await JsonNode.ParseAsync(context.Request.Body))!;
            server.Asked.Enqueue(question);
            await answer(question, context);
        });
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }
}
