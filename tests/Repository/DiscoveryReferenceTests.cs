using System.Text.RegularExpressions;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository;

/// <summary>The page that names a test for each field of the discovery configuration tells the truth.</summary>
public sealed partial class DiscoveryReferenceTests
{
    [Fact]
    public void Every_test_the_page_names_exists()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs/reference/discovery-configuration.md"));
        var named = TestName().Matches(page).Select(match => match.Groups[1].Value).Distinct().ToList();
        var sources = Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();

        Assert.True(named.Count > 20);
        var missing = named.FindAll(name => !sources.Exists(source => source.Contains($" {name}(", StringComparison.Ordinal)));
        Assert.True(missing.Count == 0, $"The page names tests that are not there: {string.Join(", ", missing)}");
    }

    [GeneratedRegex("`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+)`")]
    private static partial Regex TestName();
}
