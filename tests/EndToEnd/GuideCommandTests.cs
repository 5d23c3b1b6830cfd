using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>What the guides tell people to type works: every call of the gateway, and of the operator's program, is made as it is written there.</summary>
public sealed partial class GuideCommandTests(StandaloneTests.Running running) : IClassFixture<StandaloneTests.Running>
{
    private const string Gateway = "http://127.0.0.1:8080";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    private static string Folder => Path.Combine(RepositoryRoot.Path, "docs", "guides");

    public static TheoryData<string> Guides() => [.. Directory.EnumerateFiles(Folder, "*.md").Where(static file => Commands(file).Any()).Select(static file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Fact]
    public void Most_guides_have_something_to_type() => Assert.InRange(Guides().Count, 7, 50);

    [Theory]
    [MemberData(nameof(Guides))]
    public async Task Every_command_of_a_guide_works(string guide)
    {
        var variables = await NewTenantAsync();
        foreach (var command in Commands(Path.Combine(Folder, guide)))
        {
            var line = command.Replace(Gateway, running.Instance.Url.ToString().TrimEnd('/'), StringComparison.Ordinal);

            var (exitCode, output) = await CommandLine.RunAsync("bash", ["-c", $"{variables}\n{line}"], Limit);

            Assert.True(exitCode == 0, $"{guide}: {command}\nended with {exitCode}:\n{output}");
        }
    }

    // Commands that talk to a running platform; what starts it, or needs a peer beside it, is tested elsewhere.
    private static IEnumerable<string> Commands(string file) =>
        from Match block in Shell().Matches(File.ReadAllText(file))
        from line in block.Groups[1].Value.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        let command = line.Trim()
            .Replace("dotnet run --project tools/Cli --", "netdiscovery", StringComparison.Ordinal).Replace(" --key-file data/operator-key", "", StringComparison.Ordinal)
            .Replace("AC…:authToken", "$TENANT:$AUTH_TOKEN", StringComparison.Ordinal).Replace("AC…", "$TENANT", StringComparison.Ordinal)
        where command.StartsWith("curl ", StringComparison.Ordinal) || command.StartsWith("netdiscovery ", StringComparison.Ordinal)
        select command;

    /// <summary>A tenant with an API key, as the variables that the guides use, and the two programs as functions: a refusal of the gateway is a failure.</summary>
    private async Task<string> NewTenantAsync()
    {
        using var platform = running.Instance.OperatorClient();
        using var made = await platform.PostAsJsonAsync("/v1/tenants", new { name = "Reader" });
        var tenant = await made.Content.ReadFromJsonAsync<JsonElement>();
        var id = tenant.GetProperty("id").GetString()!;
        using var key = await platform.PostAsJsonAsync($"/v1/tenants/{id}/keys", new { name = "reader" });
        var secret = await key.Content.ReadFromJsonAsync<JsonElement>();
        return $$"""
            TENANT={{id}} AUTH_TOKEN={{tenant.GetProperty("authToken").GetString()}} KEY={{secret.GetProperty("id").GetString()}} SECRET={{secret.GetProperty("secret").GetString()}}
            curl() { command curl --fail-with-body -sS "$@"; }
            netdiscovery() { dotnet '{{Path.Combine(AppContext.BaseDirectory, "netdiscovery.dll")}}' "$@" --gateway {{running.Instance.Url}} --key-file '{{Path.Combine(running.Instance.DataPath, "operator-key")}}'; }
            """;
    }

    [GeneratedRegex("^```sh\\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Shell();
}
