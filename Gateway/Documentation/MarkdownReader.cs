using System.Text;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace NetDiscovery.Gateway.Documentation;

/// <summary>Renders a page. Links between pages become addresses of the site; links to other files of the repository, which are not served, become their text.</summary>
internal static class MarkdownReader
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).DisableHtml().Build();

    /// <param name="file">From the folder of the documentation: <c>reference/settings.md</c>.</param>
    /// <param name="text">Its Markdown.</param>
    /// <param name="files">All files there are.</param>
    public static MarkdownPage Read(string file, string text, IReadOnlySet<string> files)
    {
        var document = Markdown.Parse(text, Pipeline);
        foreach (var link in document.Descendants<LinkInline>().ToList())
        {
            Lead(link, file, files);
        }

        var headings = document.Descendants<HeadingBlock>().ToList();
        return new MarkdownPage(
            PathOf(file), headings.Find(static heading => heading.Level == 1) is { } title ? Text(title.Inline) : file, Scrolling(document.ToHtml(Pipeline)), text,
            [.. headings.Where(static heading => heading.Level == 2).Select(static heading => (heading.GetAttributes().Id ?? "", Text(heading.Inline)))]);
    }

    /// <summary>The links of the first page, under their headings: the site's navigation.</summary>
    public static IReadOnlyList<(string Section, IReadOnlyList<(string File, string Title)> Pages)> Contents(string text)
    {
        var sections = new List<(string, IReadOnlyList<(string, string)>)>();
        var section = "";
        foreach (var block in Markdown.Parse(text, Pipeline))
        {
            if (block is HeadingBlock heading)
            {
                section = Text(heading.Inline);
            }
            else if (block is ListBlock list)
            {
                sections.Add((section, [.. list.Descendants<LinkInline>().Select(static link => (link.Url ?? "", Text(link)))]));
            }
        }

        return sections;
    }

    /// <summary>Where a file is served: without its ending, and a folder's README as the folder.</summary>
    public static string PathOf(string file)
    {
        var path = file[..^".md".Length];
        return path == "README" ? "" : path.EndsWith("/README", StringComparison.Ordinal) ? path[..^"/README".Length] : path;
    }

    private static void Lead(LinkInline link, string file, IReadOnlySet<string> files)
    {
        var url = link.Url ?? "";
        if (url.Length == 0 || url[0] is '#' or '/' || url.Contains("://", StringComparison.Ordinal))
        {
            return;
        }

        var (path, anchor) = url.Split('#', 2) is [var before, var after] ? (before, "#" + after) : (url, "");
        var target = Resolve(file, path);
        if (target is not null && files.Contains(target))
        {
            link.Url = (PathOf(target) is { Length: > 0 } served ? $"{DocumentationSite.Prefix}/{served}" : DocumentationSite.Prefix) + anchor;
        }
        else
        {
            link.MoveChildrenAfter(link);
            link.Remove();
        }
    }

    // What is wider than the window scrolls by itself, by keyboard too. Code is escaped, so these can only be the renderer's own.
    private static string Scrolling(string html) => html
        .Replace("<table>", "<div class=\"table\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>", StringComparison.Ordinal).Replace("</table>", "</table></div>", StringComparison.Ordinal)
        .Replace("<pre>", "<pre tabindex=\"0\">", StringComparison.Ordinal);

    // From the page's folder; null when it leads out of the documentation.
    private static string? Resolve(string file, string path)
    {
        var parts = new List<string>(file.Split('/')[..^1]);
        foreach (var part in path.Split('/'))
        {
            if (part == ".." && parts.Count == 0)
            {
                return null;
            }

            if (part == "..")
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part.Length > 0 && part != ".")
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    private static string Text(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        foreach (var inline in inlines is null ? [] : inlines.Descendants<LeafInline>())
        {
            text.Append(inline switch { CodeInline code => code.Content, LiteralInline literal => literal.ToString(), _ => "" });
        }

        return text.ToString();
    }
}
