using System.Text.RegularExpressions;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Documentation;

/// <summary>Every link within the repository leads to a page, and to a heading where it names one.</summary>
public sealed partial class LinkTests
{
    public static TheoryData<string> AllPages() => [.. Pages.All];

    [Theory]
    [MemberData(nameof(AllPages))]
    public void Every_link_leads_somewhere(string page)
    {
        foreach (var link in Link().Matches(Pages.Prose(page)).Select(static match => match.Groups[1].Value).Where(static link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith('/')))
        {
            var (path, anchor) = link.Split('#', 2) is [var file, var heading] ? (file, heading) : (link, "");
            var target = path.Length == 0 ? page : Path.GetRelativePath(RepositoryRoot.Path, Path.GetFullPath(Path.Combine(RepositoryRoot.Path, Path.GetDirectoryName(page)!, path))).Replace('\\', '/');

            Assert.True(File.Exists(Path.Combine(RepositoryRoot.Path, target)) || Directory.Exists(Path.Combine(RepositoryRoot.Path, target)), $"{page} links to {link}: there is no {target}");
            Assert.True(anchor.Length == 0 || Pages.Anchors(target).Contains(anchor), $"{page} links to {link}: {target} has no such heading");
        }
    }

    [Fact]
    public void Every_page_of_the_documentation_can_be_reached_from_the_readme()
    {
        var (reached, open) = (new HashSet<string>(StringComparer.Ordinal), new Stack<string>(["README.md"]));
        while (open.TryPop(out var page))
        {
            if (!reached.Add(page) || !page.EndsWith(".md", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (var link in Link().Matches(Pages.Prose(page)).Select(static match => match.Groups[1].Value.Split('#')[0]).Where(static link => link.Length > 0 && !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith('/')))
            {
                open.Push(Path.GetRelativePath(RepositoryRoot.Path, Path.GetFullPath(Path.Combine(RepositoryRoot.Path, Path.GetDirectoryName(page)!, link))).Replace('\\', '/'));
            }
        }

        Assert.Empty(Pages.All.Where(static page => page.StartsWith("docs/", StringComparison.Ordinal)).Except(reached));
    }

    [GeneratedRegex(@"\]\(<?([^)\s>]+)>?\)")]
    private static partial Regex Link();
}
