using System.IO.Compression;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.WebConsole;

/// <summary>Rules that hold for the console's pages and files alike; what they show is tested in a browser.</summary>
public sealed partial class ConsolePageTests(RealGateway real)
{
    private static readonly string Folder = Path.Combine(RepositoryRoot.Path, "Gateway", "WebConsole");

    private TestGateway Gateway => real.Gateway;

    public static TheoryData<string> Paths() => [.. Pages().Matches(AllText()).Select(static match => match.Groups[1].Value.Replace("{Id}", "SE00000000000000000000000000000001.local", StringComparison.Ordinal))];

    [Fact]
    public void There_is_a_page_for_everything() => Assert.Equal(
        ["/", "/configuration", "/deliveries", "/keys", "/relays", "/sessions", "/sessions/SE00000000000000000000000000000001.local", "/tenants", "/try-out", "/usage"], Paths().Select(static row => row.Data).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Paths))]
    public async Task Pages_run_only_scripts_that_are_files_of_this_gateway_and_are_kept_out_of_caches(string path)
    {
        using var browser = await ConsoleBrowser.SignedInAsync(Gateway, null);

        var answer = await browser.Http.GetAsync(path);
        var page = await answer.Content.ReadAsStringAsync();

        Assert.Equal(200, (int)answer.StatusCode);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.True(answer.Headers.CacheControl?.NoStore);
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        Assert.All(Scripts().Matches(page), static script => Assert.StartsWith("src=\"/", script.Groups[1].Value.Trim(), StringComparison.Ordinal));
        foreach (Match file in Files().Matches(page))
        {
            Assert.Equal(200, (int)(await Gateway.Anonymous.GetAsync(file.Groups[1].Value)).StatusCode);
        }
    }

    [Theory]
    [InlineData("/_framework/blazor.web.js", "text/javascript")]
    [InlineData("/console/assets/mudblazor.js", "text/javascript")]
    [InlineData("/console/assets/mudblazor.css", "text/css")]
    [InlineData("/console/assets/console.css", "text/css")]
    [InlineData("/console/assets/console.js", "text/javascript")]
    [InlineData("/console/assets/start.js", "text/javascript")]
    [InlineData("/console/assets/trickle.js", "text/javascript")]
    public async Task Files_are_sent_compressed_and_only_once(string path, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.AcceptEncoding.ParseAdd("gzip");
        var packed = await Gateway.Anonymous.SendAsync(request);
        var plain = await Gateway.Anonymous.GetAsync(path);

        Assert.Equal((type, "gzip"), (packed.Content.Headers.ContentType!.MediaType!, packed.Content.Headers.ContentEncoding.Single()));
        await using var unpacked = new GZipStream(await packed.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var reader = new StreamReader(unpacked);
        Assert.Equal(await plain.Content.ReadAsStringAsync(), await reader.ReadToEndAsync());
        using var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.IfNoneMatch.Add(plain.Headers.ETag!);
        Assert.Equal(304, (int)(await Gateway.Anonymous.SendAsync(again)).StatusCode);
    }

    [Fact]
    public void Every_operation_that_a_page_calls_is_one_of_the_api()
    {
        var known = Gateway.App.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Select(static endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName).Where(static name => name is not null).ToHashSet();
        var called = Calls().Matches(AllText()).Select(static match => match.Groups[1].Value).ToHashSet();

        Assert.InRange(called.Count, 20, 60);
        Assert.Empty(called.Except(known));
    }

    private static string AllText() => string.Join('\n', Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
        .Where(static file => Path.GetExtension(file) is ".razor" or ".cs").Order(StringComparer.Ordinal).Select(File.ReadAllText));

    [GeneratedRegex("(?m)^@page \"([^\"]+)\"")]
    private static partial Regex Pages();

    [GeneratedRegex("ApiCall\\.Of\\(\\s*\"(\\w+)\"")]
    private static partial Regex Calls();

    [GeneratedRegex("<script([^>]*)>")]
    private static partial Regex Scripts();

    [GeneratedRegex("(?:src|href)=\"(/(?:console|_framework)/[^\"]+)\"")]
    private static partial Regex Files();
}
