namespace NetDiscovery.Repository.Settings;

/// <summary>The page of settings and the code say the same.</summary>
public sealed class SettingsReferenceTests
{
    // Sections that are somebody else's, whole: .NET's log levels, Orleans' own providers and membership.
    private static readonly string[] Foreign = ["Logging:LogLevel:<category>", "Orleans:*", "Orleans:ClusterMembership:*", "Orleans:ClientMessaging:*"];

    [Fact]
    public void Every_option_is_on_the_page()
    {
        var missing = SettingsInCode.OfOptions.Except(SettingsPage.Names).Except(WithoutIndex()).ToList();

        Assert.True(missing.Count == 0, $"docs/reference/settings.md does not name {string.Join(", ", missing)}");
    }

    [Fact]
    public void Every_setting_of_the_page_is_read_by_the_code()
    {
        var unknown = SettingsPage.Names.Except(Foreign)
            .Where(static name => !SettingsInCode.OfOptions.Contains(name) && !SettingsInCode.OfOptions.Contains($"{name}:N") && !SettingsInCode.OfSource.Contains(name)).ToList();

        Assert.True(unknown.Count == 0, $"Nothing reads {string.Join(", ", unknown)}");
    }

    // A list may be named as a whole.
    private static IEnumerable<string> WithoutIndex() => SettingsPage.Names.Select(static name => $"{name}:N");
}
