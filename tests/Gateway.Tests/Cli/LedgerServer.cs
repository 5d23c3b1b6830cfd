using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NetDiscovery.Gateway.Tests.Cli;

/// <summary>Answers <c>/v1/usage/export</c> with at most two rows at a time, where the gateway sends thousands: what reads it must ask again.</summary>
internal sealed class LedgerServer : IAsyncDisposable
{
    private const int RowsInOneAnswer = 2;
    private readonly WebApplication app;

    private LedgerServer(WebApplication app) => this.app = app;

    public Uri Url => new(app.Urls.First());

    public static async Task<LedgerServer> StartAsync(IReadOnlyList<string> rows)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/v1/usage/export", (HttpContext context) =>
        {
            var after = long.Parse(context.Request.Query["after"].ToString(), CultureInfo.InvariantCulture);
            var next = rows.Where(row => (long)JsonNode.Parse(row)!["cursor"]! > after).Take(RowsInOneAnswer);
            return Results.Text(string.Concat(next.Select(static row => row + "\n")), "application/x-ndjson");
        });
        await app.StartAsync();
        return new LedgerServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }
}
