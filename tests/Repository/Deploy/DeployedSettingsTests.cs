using System.Text.RegularExpressions;
using NetDiscovery.Repository.Settings;

namespace NetDiscovery.Repository.Deploy;

/// <summary>What the files of deploy/ set exists, under that name.</summary>
public sealed partial class DeployedSettingsTests
{
    public static TheoryData<string> Files() => [.. DeployFiles.All.Where(static file => Variable().IsMatch(DeployFiles.Read(file)))];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_variable_is_a_setting_of_the_reference(string file)
    {
        var unknown = Variable().Matches(DeployFiles.Read(file)).Select(static match => match.Value).Distinct()
            .Where(static variable => !SettingsPage.Names.Contains(SettingsPage.OfVariable(variable))).ToList();

        Assert.True(unknown.Count == 0, $"{file} sets {string.Join(", ", unknown)}, which docs/reference/settings.md does not know.");
    }

    [Fact]
    public void The_files_set_what_a_region_needs()
    {
        var all = Files().Select(static row => row.Data).SelectMany(static file => Variable().Matches(DeployFiles.Read(file))).Select(static match => SettingsPage.OfVariable(match.Value)).ToHashSet();

        Assert.Superset(
            new HashSet<string> { "Region:Name", "Storage:Provider", "ConnectionStrings:Storage", "Operator:Key", "Relay:Id", "Relay:ListenAddresses:N", "Relay:DataPath", "Relay:TakeOver" }, all);
    }

    // Health__Urls, Relay__ListenAddresses__0
    [GeneratedRegex(@"\b[A-Z][A-Za-z]+(?:__[A-Za-z0-9]+)+\b")]
    private static partial Regex Variable();
}
