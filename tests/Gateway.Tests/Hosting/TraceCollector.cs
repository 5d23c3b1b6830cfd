using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NetDiscovery.Gateway.Tests.Hosting;

/// <summary>A collector of OpenTelemetry over HTTP on a free loopback port: keeps what it is sent, each byte a character.</summary>
internal sealed class TraceCollector : IAsyncDisposable
{
    private readonly WebApplication app;

    private TraceCollector(WebApplication app) => this.app = app;

    public string Url => app.Urls.First();

    /// <summary>Bodies of <c>POST /v1/traces</c>.</summary>
    public ConcurrentQueue<string> Traces { get; } = new();

    public static async Task<TraceCollector> StartAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var collector = new TraceCollector(app);
        app.MapPost("/v1/{signal}", async (HttpContext context, string signal) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            if (signal == "traces")
            {
                collector.Traces.Enqueue(Encoding.Latin1.GetString(body.ToArray()));
            }

            return Results.Bytes([], "application/x-protobuf");
        });
        await app.StartAsync();
        return collector;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }
}
