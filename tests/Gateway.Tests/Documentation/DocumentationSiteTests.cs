using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using NetDiscovery.Gateway.Tests.Hosting;
using NetDiscovery.TestKit;

namespace NetDiscovery.Gateway.Tests.Documentation;

/// <summary>The documentation as a gateway serves it.</summary>
public sealed partial class DocumentationSiteTests(FakeGateway fake) : IClassFixture<FakeGateway>
{
    private HttpClient Anyone => fake.Gateway.Anonymous;

    /// <summary>Every file of the repository's documentation.</summary>
    public static TheoryData<string> Files() => [.. Directory.EnumerateFiles(Docs, "*.md", SearchOption.AllDirectories).Select(static file => Path.GetRelativePath(Docs, file).Replace('\\', '/'))];

    private static string Docs => Path.Combine(RepositoryRoot.Path, "docs");

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Every_page_answers_under_its_heading(string file)
    {
        var heading = File.ReadLines(Path.Combine(Docs, file)).First();
        Assert.StartsWith("# ", heading, StringComparison.Ordinal);

        var page = await Anyone.GetStringAsync(Address(file));

        Assert.Contains($"<title>{WebUtility.HtmlEncode(heading[2..].Replace("`", "", StringComparison.Ordinal))} – NetDiscovery</title>", page, StringComparison.Ordinal);
        Assert.Equal(1, Regex.Count(page, "<h1"));
    }

    [Fact]
    public async Task No_link_within_the_gateway_is_dead()
    {
        var (open, pages) = (new Queue<string>(["/docs"]), new Dictionary<string, string>(StringComparer.Ordinal));
        var fragments = new List<(string From, string Page, string Id)>();
        while (open.TryDequeue(out var address))
        {
            if (pages.ContainsKey(address))
            {
                continue;
            }

            var response = await Anyone.GetAsync(address);
            Assert.True(response.IsSuccessStatusCode, $"{address} is answered with {(int)response.StatusCode}");
            var html = pages[address] = address.StartsWith("/docs/api", StringComparison.Ordinal) ? "" : await response.Content.ReadAsStringAsync();
            foreach (var link in Link().Matches(html).Select(static match => WebUtility.HtmlDecode(match.Groups[1].Value)))
            {
                var (path, id) = link.Split('#', 2) is [var before, var after] ? (before, after) : (link, "");
                var target = path.Length == 0 ? address : path;
                if (!target.StartsWith('/'))
                {
                    Assert.Matches("^https?://", target);
                    continue;
                }

                open.Enqueue(target);
                if (id.Length > 0)
                {
                    fragments.Add((address, target, id));
                }
            }
        }

        Assert.InRange(pages.Count, Files().Count, 500);
        Assert.All(fragments, link => Assert.True(pages[link.Page].Contains($"id=\"{link.Id}\"", StringComparison.Ordinal), $"{link.From} links to {link.Page}#{link.Id}"));
    }

    [Fact]
    public async Task Pages_load_nothing_but_the_gateways_own_style_and_run_nothing()
    {
        var page = await Anyone.GetStringAsync("/docs/guides/javascript-sdk");

        Assert.Equal(["/docs/docs.css"], Regex.Matches(page, "<link rel=\"stylesheet\" href=\"([^\"]+)\"").Select(static match => match.Groups[1].Value));
        Assert.DoesNotMatch("<(script|img|iframe)", page);
        Assert.Equal("text/css", (await Anyone.GetAsync("/docs/docs.css")).Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task The_reader_of_the_api_loads_scripts_that_this_gateway_has()
    {
        var response = await Anyone.GetAsync("/docs/api");
        var page = await response.Content.ReadAsStringAsync();

        var scripts = Regex.Matches(page, "<script[^>]* src=\"([^\"]+)\"").Select(match => new Uri(response.RequestMessage!.RequestUri!, match.Groups[1].Value)).ToList();

        Assert.NotEmpty(scripts);
        foreach (var script in scripts)
        {
            Assert.Equal(fake.Gateway.BaseAddress.Authority, script.Authority);
            using var answer = await Anyone.GetAsync(script);
            Assert.True(answer.IsSuccessStatusCode, $"{script} is answered with {(int)answer.StatusCode}");
            Assert.Contains("javascript", answer.Content.Headers.ContentType?.MediaType ?? "", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_page_one_is_on_is_marked_in_the_navigation() =>
        Assert.Contains("<a href=\"/docs/reference/settings\" aria-current=\"page\">Settings</a>", await Anyone.GetStringAsync("/docs/reference/settings"), StringComparison.Ordinal);

    [Fact]
    public async Task Search_finds_words_and_shows_what_was_asked_as_text()
    {
        var found = await Anyone.GetStringAsync("/docs/search?q=mobility+ticket");
        var strange = await Anyone.GetStringAsync("/docs/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E");

        Assert.Contains("href=\"/docs/reference/protocol\"", found, StringComparison.Ordinal);
        Assert.Contains("Nothing was found.", strange, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", strange, StringComparison.Ordinal);
        Assert.Contains("Nothing was found.", await Anyone.GetStringAsync("/docs/search"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_a_browser_has_is_not_sent_again()
    {
        var first = await Anyone.GetAsync("/docs/reference/errors");
        var request = new HttpRequestMessage(HttpMethod.Get, "/docs/reference/errors");
        request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(first.Headers.ETag!.ToString()));

        Assert.Equal(HttpStatusCode.NotModified, (await Anyone.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("/docs/no/such/page")]
    [InlineData("/docs/../appsettings.json")]
    [InlineData("/docs/reference/settings.md")]
    public async Task Where_no_page_is_the_answer_is_404(string path) => Assert.Equal(HttpStatusCode.NotFound, (await Anyone.GetAsync(path)).StatusCode);

    private static string Address(string file)
    {
        var path = file[..^".md".Length];
        return path == "README" ? "/docs" : "/docs/" + (path.EndsWith("/README", StringComparison.Ordinal) ? path[..^"/README".Length] : path);
    }

    [GeneratedRegex("<a [^>]*href=\"([^\"]+)\"")]
    private static partial Regex Link();
}
