using System.Text.RegularExpressions;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository;

/// <summary>The README's table of RFCs names tests that exist.</summary>
public sealed partial class CoverageTableTests
{
    [Fact]
    public void Every_test_class_of_the_coverage_table_exists_and_has_tests()
    {
        var names = Rows().SelectMany(row => Name().Matches(row.Tests)).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.True(names.Count > 30, $"only {names.Count} test classes are named");
        var classes = Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(file => Path.GetFileNameWithoutExtension(file));
        Assert.All(names, name => Assert.Contains(classes[name], file => Attribute().IsMatch(File.ReadAllText(file))));
    }

    [Fact]
    public void Every_row_of_the_coverage_table_names_rules_and_tests() =>
        Assert.All(Rows(), row => Assert.True(row.Rules.Length > 0 && (Name().IsMatch(row.Tests) || row.Tests.StartsWith('—')), $"{row.Rfc}: {row.Rules}"));

    private static List<(string Rfc, string Rules, string Tests)> Rows()
    {
        var lines = File.ReadAllLines(Path.Combine(RepositoryRoot.Path, "README.md"));
        var rows = lines.SkipWhile(line => !line.StartsWith("| RFC | rules | tests |", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('|')).Select(cells => (cells[1].Trim(), cells[2].Trim(), cells[3].Trim())).ToList();
        Assert.NotEmpty(rows);
        return rows;
    }

    [GeneratedRegex(@"`(\w+Tests)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"\[(Fact|Theory)\b")]
    private static partial Regex Attribute();
}
