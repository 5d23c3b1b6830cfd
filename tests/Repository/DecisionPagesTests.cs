using NetDiscovery.TestKit;

namespace NetDiscovery.Repository;

/// <summary>Decision pages are numbered one by one, and all are in the list.</summary>
public sealed class DecisionPagesTests
{
    private static readonly string Folder = Path.Combine(RepositoryRoot.Path, "docs", "decisions");

    [Fact]
    public void Each_page_has_a_number_of_its_own_and_says_it_in_its_heading()
    {
        var pages = Directory.EnumerateFiles(Folder, "0*.md").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(Enumerable.Range(1, pages.Count).Select(number => $"{number:D4}"), pages.Select(page => Path.GetFileName(page)[..4]));
        Assert.All(pages, page => Assert.StartsWith($"# {Path.GetFileName(page)[..4]}: ", File.ReadLines(page).First(), StringComparison.Ordinal));
    }

    [Fact]
    public void The_list_names_each_page_once()
    {
        var list = File.ReadAllLines(Path.Combine(Folder, "README.md")).Where(line => line.StartsWith("- [", StringComparison.Ordinal)).ToList();
        var pages = Directory.EnumerateFiles(Folder, "0*.md").Select(page => Path.GetFileName(page)).Order(StringComparer.Ordinal);
        Assert.Equal(pages, list.Select(line => line[(line.IndexOf("](", StringComparison.Ordinal) + 2)..^1]));
    }
}
