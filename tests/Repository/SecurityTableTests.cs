using System.Text.RegularExpressions;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository;

/// <summary>The page on safety names a test for each of its lines: each of them is there.</summary>
public sealed partial class SecurityTableTests
{
    [Fact]
    public void Every_test_that_the_page_on_safety_names_exists()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && Path.GetFileName(file) != $"{nameof(SecurityTableTests)}.cs")
            .Select(File.ReadAllText).ToList();
        var words = sources.SelectMany(text => Words().Matches(text).Select(match => match.Value)).ToHashSet();
        var named = Names().Matches(File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "operations", "security.md"))).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.InRange(named.Count, 50, 1_000);
        Assert.Empty(named.Except(words));
    }

    // `Test_name`, `ClassTests`, `ClassTests.Test_name`, `Project: Test_name`
    [GeneratedRegex(@"`(?:[\w.]+: )?(?:\w+Tests\.)?(\w+Tests|[A-Z]\w*_\w+)`")]
    private static partial Regex Names();

    [GeneratedRegex(@"\w+Tests\b|\b[A-Z]\w*_\w+")]
    private static partial Regex Words();
}
