using System.Text.RegularExpressions;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Documentation;

/// <summary>The Markdown of the repository.</summary>
internal static partial class Pages
{
    /// <summary>Every page, from the repository's root.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. new[] { "docs", "sdk" }.SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, folder), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(RepositoryRoot.Path, "*.md"))
            .Select(static file => Path.GetRelativePath(RepositoryRoot.Path, file).Replace('\\', '/'))
            .Where(static file => !file.Contains("/node_modules/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of a page.</summary>
    public static string Read(string page) => File.ReadAllText(Path.Combine(RepositoryRoot.Path, page));

    /// <summary>The text without fenced code.</summary>
    public static string Prose(string page) => Fence().Replace(Read(page), "");

    /// <summary>The anchors of a page's headings, as GitHub and Markdig make them.</summary>
    public static IReadOnlySet<string> Anchors(string page) => Prose(page).Split('\n').Where(static line => line.StartsWith('#'))
        .Select(static line => Punctuation().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-')).ToHashSet();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
