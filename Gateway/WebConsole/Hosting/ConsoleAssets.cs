using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace NetDiscovery.Gateway.WebConsole.Hosting;

/// <summary>Scripts and style sheets of the console, which are part of the assembly: a gateway serves its console wherever it runs, without the internet.</summary>
internal sealed class ConsoleAssets
{
    /// <summary>Where they are.</summary>
    public const string Prefix = "/console/assets";

    /// <summary>Where Blazor's script is: pages everywhere name it so.</summary>
    public const string BlazorScript = "/_framework/blazor.web.js";

    private static readonly (string Path, string Resource, string ContentType)[] Files =
    [
        (BlazorScript, "console/blazor.web.js", "text/javascript"),
        ($"{Prefix}/mudblazor.js", "console/MudBlazor.min.js", "text/javascript"),
        ($"{Prefix}/mudblazor.css", "console/MudBlazor.min.css", "text/css"),
        ($"{Prefix}/console.css", "console/console.css", "text/css"),
        ($"{Prefix}/console.js", "console/console.js", "text/javascript"),
        ($"{Prefix}/start.js", "console/start.js", "text/javascript"),
        ($"{Prefix}/trickle.js", "console/trickle.js", "text/javascript"),
    ];

    private readonly byte[] content;
    private readonly byte[] compressed;
    private readonly EntityTagHeaderValue tag;

    private ConsoleAssets(byte[] content)
    {
        this.content = content;
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        compressed = packed.ToArray();
        tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..32]}\"");
    }

    /// <summary>Maps every file to its path. Each is read and compressed when it is first asked for. They hold nothing of anybody, so they need no session.</summary>
    public static void Map(WebApplication app)
    {
        foreach (var (path, resource, contentType) in Files)
        {
            var file = new Lazy<ConsoleAssets>(() => new ConsoleAssets(Read(resource)));
            app.MapGet(path, (HttpContext http) => file.Value.Send(http, $"{contentType}; charset=utf-8")).ExcludeFromDescription();
        }
    }

    private IResult Send(HttpContext http, string contentType)
    {
        // Asked for again with each page, answered with 304 until the gateway is another version.
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers.Vary = "Accept-Encoding";
        if (!http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            return Results.Bytes(content, contentType, entityTag: tag);
        }

        http.Response.Headers.ContentEncoding = "gzip";
        return Results.Bytes(compressed, contentType, entityTag: tag);
    }

    private static byte[] Read(string resource)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The file {resource} is not part of this build.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
