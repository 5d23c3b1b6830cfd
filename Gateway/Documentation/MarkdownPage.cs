namespace NetDiscovery.Gateway.Documentation;

/// <summary>One page of the documentation, rendered.</summary>
/// <param name="Path">Where it is served, below <c>/docs</c>: <c>reference/settings</c>; empty for the first page.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Html">Its content.</param>
/// <param name="Text">Its Markdown, for the search.</param>
/// <param name="Headings">Its second-level headings: id and text.</param>
internal sealed record MarkdownPage(string Path, string Title, string Html, string Text, IReadOnlyList<(string Id, string Text)> Headings)
{
    /// <summary>Address of the page.</summary>
    public string Address => Path.Length == 0 ? DocumentationSite.Prefix : $"{DocumentationSite.Prefix}/{Path}";
}
