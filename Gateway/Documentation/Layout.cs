using System.Net;
using System.Text;

namespace NetDiscovery.Gateway.Documentation;

/// <summary>The frame around a page: header with search, navigation, headings of the page. No script, nothing of other hosts.</summary>
internal sealed class Layout(DocumentationPages pages)
{
    /// <summary>A whole document around a page.</summary>
    public string Page(MarkdownPage page) => Frame(page.Title, page.Path, "", page.Html, OnThisPage(page));

    /// <summary>What a search found.</summary>
    public string Results(string query, IReadOnlyList<MarkdownPage> found)
    {
        var html = new StringBuilder("<h1>Search</h1>");
        html.Append(found.Count == 0 ? "<p>Nothing was found.</p>" : $"<p>{found.Count} pages.</p>").Append("<ul class=\"results\">");
        foreach (var page in found)
        {
            html.Append("<li><a href=\"").Append(page.Address).Append("\">").Append(WebUtility.HtmlEncode(page.Title)).Append("</a><p>").Append(Excerpt(page.Text, query)).Append("</p></li>");
        }

        return Frame("Search", null, query, html.Append("</ul>").ToString(), "");
    }

    /// <summary>What is said where no page is.</summary>
    public string NotFound() => Frame("No such page", null, "", $"<h1>No such page</h1><p>See <a href=\"{DocumentationSite.Prefix}\">all pages</a>, or search.</p>", "");

    private static string Excerpt(string text, string query)
    {
        const int Around = 120;
        var word = query.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        var at = Math.Max(0, text.IndexOf(word, StringComparison.OrdinalIgnoreCase));
        var begin = Math.Max(0, at - Around);
        var end = Math.Min(text.Length, at + word.Length + Around);
        return WebUtility.HtmlEncode($"{(begin > 0 ? "…" : "")}{text[begin..end].ReplaceLineEndings(" ")}{(end < text.Length ? "…" : "")}");
    }

    private static string OnThisPage(MarkdownPage page)
    {
        if (page.Headings.Count < 2 || page.Path.Length == 0)
        {
            return "";
        }

        var html = new StringBuilder("<nav class=\"headings\" aria-label=\"On this page\"><h2>On this page</h2><ul>");
        foreach (var (id, text) in page.Headings)
        {
            html.Append("<li><a href=\"#").Append(WebUtility.HtmlEncode(id)).Append("\">").Append(WebUtility.HtmlEncode(text)).Append("</a></li>");
        }

        return html.Append("</ul></nav>").ToString();
    }

    private string Navigation(string? current)
    {
        var html = new StringBuilder();
        foreach (var section in pages.Contents)
        {
            html.Append("<h2>").Append(WebUtility.HtmlEncode(section.Title)).Append("</h2><ul>");
            foreach (var (page, title) in section.Pages)
            {
                html.Append("<li><a href=\"").Append(page.Address).Append('"').Append(page.Path == current ? " aria-current=\"page\"" : "").Append('>').Append(WebUtility.HtmlEncode(title)).Append("</a></li>");
            }

            html.Append("</ul>");
        }

        return html.ToString();
    }

    private string Frame(string title, string? current, string query, string content, string headings) => $"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{WebUtility.HtmlEncode(title)} – NetDiscovery</title>
        <link rel="stylesheet" href="{DocumentationSite.Prefix}/docs.css">
        </head>
        <body>
        <a class="skip" href="#content">To the content</a>
        <header>
        <a class="home" href="{DocumentationSite.Prefix}">NetDiscovery</a>
        <form action="{DocumentationSite.Prefix}/search" role="search"><label>Search <input type="search" name="q" value="{WebUtility.HtmlEncode(query)}" maxlength="100"></label><button>Find</button></form>
        <a class="pages" href="#pages">All pages</a>
        <a href="{DocumentationSite.Prefix}/api">API reference</a>
        </header>
        <div class="columns">
        <nav id="pages" class="menu" aria-label="Documentation">{Navigation(current)}</nav>
        <main id="content" tabindex="-1">{content}</main>
        {headings}
        </div>
        </body>
        </html>
        """;
}
