using System.Reflection;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>The SDK and the try-it page: files that live inside the assembly, so that a gateway is one program wherever it runs.</summary>
public static class StaticFiles
{
    /// <summary>Maps every file to its path.</summary>
    public static void Map(WebApplication app)
    {
        Serve(app, "/sdk/netdiscovery.js", "sdk.netdiscovery.js", "text/javascript");
        Serve(app, "/sdk/netdiscovery.d.ts", "sdk.netdiscovery.d.ts", "text/plain");
        Serve(app, "/try", "try.html", "text/html");
        Serve(app, "/try/try.js", "try.js", "text/javascript");
        Serve(app, "/try/try.css", "try.css", "text/css");
    }

    private static void Serve(WebApplication app, string path, string name, string contentType)
    {
        var content = Read(name);
        app.MapGet(path, () => Results.Bytes(content, $"{contentType}; charset=utf-8")).ExcludeFromDescription();
    }

    private static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The file {name} is not part of this build.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
