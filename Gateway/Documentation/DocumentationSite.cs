using System.Collections.Concurrent;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace NetDiscovery.Gateway.Documentation;

/// <summary>The documentation at <c>/docs</c>: the Markdown of the repository's <c>docs/</c>, as pages.</summary>
internal sealed class DocumentationSite
{
    /// <summary>Where the site is.</summary>
    public const string Prefix = "/docs";

    private const int LongestQuery = 100;
    private readonly DocumentationPages pages;
    private readonly Layout layout;
    private readonly ConcurrentDictionary<string, (byte[] Bytes, EntityTagHeaderValue Tag)> ready = new(StringComparer.Ordinal);

    private DocumentationSite()
    {
        pages = DocumentationPages.Read();
        layout = new Layout(pages);
    }

    /// <summary>Maps every page. They are read and rendered when the first is asked for.</summary>
    public static void Map(WebApplication app)
    {
        var site = new Lazy<DocumentationSite>(static () => new DocumentationSite());
        app.MapGet(Prefix, () => site.Value.Page("")).ExcludeFromDescription();
        app.MapGet($"{Prefix}/docs.css", () => site.Value.Style()).ExcludeFromDescription();
        app.MapGet($"{Prefix}/search", (string? q) => site.Value.Search(q ?? "")).ExcludeFromDescription();
        app.MapGet($"{Prefix}/{{**path}}", (string path) => site.Value.Page(path)).ExcludeFromDescription();
    }

    private IResult Page(string path) => pages.Find(path.TrimEnd('/')) is { } page
        ? Send(path, "text/html", () => Encoding.UTF8.GetBytes(layout.Page(page)))
        : Results.Text(layout.NotFound(), "text/html", Encoding.UTF8, StatusCodes.Status404NotFound);

    private IResult Search(string query)
    {
        var asked = query.Length > LongestQuery ? query[..LongestQuery] : query;
        return Results.Text(layout.Results(asked, pages.Search(asked)), "text/html", Encoding.UTF8);
    }

    private IResult Style() => Send("docs.css", "text/css", static () =>
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("docs.css") ?? throw new InvalidOperationException("The file docs.css is not part of this build.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    });

    private IResult Send(string name, string contentType, Func<byte[]> make)
    {
        var (bytes, tag) = ready.GetOrAdd(name.TrimEnd('/'), _ =>
        {
            var made = make();
            return (made, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(made))[..32]}\""));
        });
        return Results.Bytes(bytes, $"{contentType}; charset=utf-8", entityTag: tag);
    }
}
