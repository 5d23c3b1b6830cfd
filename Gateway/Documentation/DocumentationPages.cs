using System.Reflection;

namespace NetDiscovery.Gateway.Documentation;

/// <summary>All pages of the documentation, which are part of the assembly: a gateway explains itself wherever it runs, without the internet.</summary>
internal sealed class DocumentationPages
{
    private const string Resources = "docs/";
    private readonly Dictionary<string, MarkdownPage> pages;

    private DocumentationPages(Dictionary<string, string> files)
    {
        var names = files.Keys.ToHashSet(StringComparer.Ordinal);
        pages = files.Select(file => MarkdownReader.Read(file.Key, file.Value, names)).ToDictionary(static page => page.Path, StringComparer.Ordinal);
        Contents = [.. MarkdownReader.Contents(files["README.md"]).Select(section => new Section(
            section.Section, [.. section.Pages.Select(page => (pages[MarkdownReader.PathOf(page.File)], page.Title))]))];
    }

    /// <summary>Pages in the order of the first page's lists.</summary>
    public IReadOnlyList<Section> Contents { get; }

    /// <summary>All pages.</summary>
    public IReadOnlyCollection<MarkdownPage> All => pages.Values;

    /// <summary>Reads and renders them: a moment's work, once.</summary>
    public static DocumentationPages Read()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(static name => name.StartsWith(Resources, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            files[name[Resources.Length..].Replace('\\', '/')] = reader.ReadToEnd();
        }

        return new DocumentationPages(files);
    }

    /// <returns>The page at this path; null when there is none.</returns>
    public MarkdownPage? Find(string path) => pages.GetValueOrDefault(path);

    /// <summary>Pages that have every word, those first that have it in the title, then the shorter ones.</summary>
    /// <param name="query">What somebody looks for.</param>
    public IReadOnlyList<MarkdownPage> Search(string query)
    {
        var words = query.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return words.Length == 0 ? [] :
        [
            .. pages.Values.Where(page => words.All(word => page.Text.Contains(word, StringComparison.OrdinalIgnoreCase)))
                .OrderByDescending(page => words.Count(word => page.Title.Contains(word, StringComparison.OrdinalIgnoreCase)))
                .ThenByDescending(page => words.Sum(word => page.Headings.Count(heading => heading.Text.Contains(word, StringComparison.OrdinalIgnoreCase))))
                .ThenBy(static page => page.Text.Length),
        ];
    }

    /// <summary>One group of the navigation.</summary>
    /// <param name="Title">Its heading.</param>
    /// <param name="Pages">Its pages, with the words of their links.</param>
    internal sealed record Section(string Title, IReadOnlyList<(MarkdownPage Page, string Title)> Pages);
}
