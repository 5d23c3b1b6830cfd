using System.Text.RegularExpressions;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository;

/// <summary>Secrets, MACs and hashes of secrets are compared in constant time: how long a wrong one takes must not tell how much of it is right.</summary>
public sealed partial class SecretComparisonTests
{
    private const string Secret = @"\b\w*(?:[Ss]ecret|[Pp]assword|[Dd]igest|[Ss]ignature|[Hh]mac|\bmac|Mac|[Aa]uthToken|TokenHash|KeyHash)(?:Hash|Bytes)?\b";

    [Theory]
    [InlineData("secret.SequenceEqual(other)")]
    [InlineData("left.AsSpan().SequenceEqual(key.Secret)")]
    [InlineData("request.AuthTokenHash == known")]
    [InlineData("if (other != password)")]
    [InlineData("string.Equals(password, given)")]
    [InlineData("credential.Password.Equals(given)")]
    public void The_rule_sees_comparisons_that_stop_early(string line) => Assert.Matches(Early(), line);

    [Theory]
    [InlineData("CryptographicOperations.FixedTimeEquals(secretHash, known)")]
    [InlineData("secret is null || secret.Length == 32")]
    [InlineData("password == null")]
    [InlineData("username.SequenceEqual(other)")]
    public void The_rule_sees_no_others(string line) => Assert.DoesNotMatch(Early(), line);

    [Fact]
    public void No_secret_is_compared_in_a_way_that_stops_at_the_first_difference() => Assert.Empty(
        from project in ProductAssemblies.Arrows.Keys
        from file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, project), "*.cs", SearchOption.AllDirectories)
        where !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        from line in File.ReadLines(file)
        where Early().IsMatch(line) && !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
        select $"{Path.GetRelativePath(RepositoryRoot.Path, file)}: {line.Trim()}");

    [GeneratedRegex(
        Secret + @"(?:\.AsSpan\(\))?\??\.(?:SequenceEqual|Equals)\(|(?:SequenceEqual|(?<!FixedTime)Equals)\([^)]*" + Secret + @"|"
        + Secret + @" (?:==|!=) (?!null|"""")|(?:==|!=) (?:\w+\.)*" + Secret + @"(?!\.|\()")]
    private static partial Regex Early();
}
