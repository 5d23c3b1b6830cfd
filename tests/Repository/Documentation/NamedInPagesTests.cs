using System.Text.RegularExpressions;
using NetDiscovery.Repository.Settings;

namespace NetDiscovery.Repository.Documentation;

/// <summary>Settings and routes that a page names are there. Decisions tell of their time and are left out.</summary>
public sealed partial class NamedInPagesTests
{
    public static TheoryData<string> Described() => [.. Pages.All.Where(static page => !page.StartsWith("docs/decisions/", StringComparison.Ordinal) && page != "CHANGELOG.md")];

    // A page may name one setting, or a section of them.
    [Theory]
    [MemberData(nameof(Described))]
    public void Every_setting_that_a_page_names_is_in_the_reference(string page)
    {
        var unknown = Setting().Matches(Pages.Read(page)).Select(static match => Index().Replace(match.Groups[1].Value, ":N"))
            .Where(static name => !IsForeign(name) && !SettingsPage.Names.Contains(name) && !SettingsPage.Names.Any(known => known.StartsWith($"{name}:", StringComparison.Ordinal)))
            .Distinct().ToList();

        Assert.True(unknown.Count == 0, $"{page} names {string.Join(", ", unknown)}");
    }

    [Theory]
    [MemberData(nameof(Described))]
    public void Every_route_that_a_page_names_is_in_the_reference(string page)
    {
        var known = Route().Matches(Pages.Read("docs/reference/http-api.md")).Concat(Route().Matches(Pages.Read("docs/reference/drop-in-apis.md"))).Select(Normal).ToHashSet();
        var unknown = Route().Matches(Pages.Read(page)).Select(Normal).Where(static route => !route.Contains("/api/v1/turn/", StringComparison.Ordinal)).Except(known).ToList();

        Assert.True(unknown.Count == 0, $"{page} names {string.Join(", ", unknown)}");
    }

    // Parameters by any name, and no query.
    private static string Normal(Match match) => $"{match.Groups[1].Value} {Parameter().Replace(match.Groups[2].Value.Split('?')[0].TrimEnd('/'), "{}")}";

    private static bool IsForeign(string name) => name.StartsWith("Orleans:", StringComparison.Ordinal) || name.StartsWith("Logging:LogLevel", StringComparison.Ordinal);

    // `Relay:Port`, `Relay:TlsPort=0`, --Relay:Id=eu-1-a
    [GeneratedRegex(@"(?:`|--)((?:Relay|Gateway|Operator|Storage|Usage|Region|Health|Data|ConnectionStrings|Logging|Orleans)(?::\w+)+)")]
    private static partial Regex Setting();

    [GeneratedRegex(@":\d+")]
    private static partial Regex Index();

    // `GET /v1/usage?from=`; those that are cut short with … are not compared.
    [GeneratedRegex(@"`(GET|PUT|POST|PATCH|DELETE) (/[^`…\s]*)`")]
    private static partial Regex Route();

    [GeneratedRegex(@"\{\w+\}|(?<=/)(?:AC|SK|SE|AL|TK)[^/]*")]
    private static partial Regex Parameter();
}
