using System.Net;
using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Relays;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>The plain pages for people: what runs here, and what the error codes mean. They need no script and no other host.</summary>
public static class Pages
{
    private const string Style =
        "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
        + "a{color:#0b57d0}code{background:#f1f3f4;padding:.1em .3em}dt{margin-top:1em}@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#121212}a{color:#8ab4f8}code{background:#2a2a2a}}";

    /// <summary>Maps the pages.</summary>
    public static void Map(WebApplication app)
    {
        app.MapGet("/about", AboutAsync).ExcludeFromDescription();
        app.MapGet("/errors", () => Html("Errors", Errors())).ExcludeFromDescription();
    }

    private static async Task<IResult> AboutAsync(HealthCheckService health, LocalRegion region, CancellationToken cancellationToken)
    {
        var report = await health.CheckHealthAsync(check => check.Tags.Contains(ServiceDefaultsExtensions.ReadyTag), cancellationToken);
        var page = new StringBuilder()
            .Append("<h1>NetDiscovery</h1><p>Version ").Append(ProductVersion.Text).Append(", region <code>").Append(WebUtility.HtmlEncode(region.Name)).Append("</code>.</p>")
            .Append("<h2>Health</h2><dl>");
        foreach (var (name, entry) in report.Entries)
        {
            page.Append("<dt><code>").Append(WebUtility.HtmlEncode(name)).Append("</code>: <strong>").Append(entry.Status.ToString().ToLowerInvariant()).Append("</strong></dt><dd>")
                .Append(WebUtility.HtmlEncode(entry.Description)).Append("</dd>");
        }

        page.Append("</dl><h2>For people</h2><ul><li><a href=\"/\">Console</a></li><li><a href=\"/docs\">Documentation</a></li><li><a href=\"/try\">Try a call between two tabs</a></li></ul><h2>For programs</h2><ul><li><a href=\"/docs/api\">API reference</a></li><li><a href=\"/openapi/v1.json\">OpenAPI document</a></li>")
            .Append("<li><a href=\"/sdk/netdiscovery.js\">JavaScript SDK</a></li><li><a href=\"/errors\">Error codes</a></li><li><a href=\"/health/ready\">Readiness</a></li><li><a href=\"/metrics\">Metrics</a></li></ul>");
        return Html("NetDiscovery", page.ToString());
    }

    private static string Errors()
    {
        var page = new StringBuilder("<h1>Error codes</h1><dl>");
        foreach (var code in ProblemCodes.All)
        {
            page.Append("<dt id=\"").Append(code.Code).Append("\"><code>").Append(code.Code).Append("</code> (").Append(code.Status).Append("): ")
                .Append(WebUtility.HtmlEncode(code.Title)).Append("</dt><dd>").Append(WebUtility.HtmlEncode(code.Action)).Append("</dd>");
        }

        return page.Append("</dl>").ToString();
    }

    private static IResult Html(string title, string body) => Results.Text(
        $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{Style}</style><body>{body}",
        "text/html", Encoding.UTF8);
}
