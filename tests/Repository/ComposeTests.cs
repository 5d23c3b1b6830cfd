using System.Diagnostics;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository;

/// <summary>The compose file is one that docker-compose accepts, and asks for the secrets it needs.</summary>
public sealed class ComposeTests
{
    [Fact]
    public async Task Compose_file_is_valid_with_its_three_settings()
    {
        var (exitCode, output) = await ConfigAsync(("POSTGRES_PASSWORD", "x"), ("OPERATOR_KEY", "y"), ("RELAY_PUBLIC_ADDRESS", "192.0.2.1"));

        Assert.True(exitCode == 0, output);
    }

    [Theory]
    [InlineData("POSTGRES_PASSWORD")]
    [InlineData("OPERATOR_KEY")]
    [InlineData("RELAY_PUBLIC_ADDRESS")]
    public async Task Compose_file_names_a_missing_setting(string missing)
    {
        string[] all = ["POSTGRES_PASSWORD", "OPERATOR_KEY", "RELAY_PUBLIC_ADDRESS"];
        var (exitCode, output) = await ConfigAsync([.. all.Where(name => name != missing).Select(name => (name, "x"))]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains(missing, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compose_file_of_two_regions_is_valid_with_its_five_settings()
    {
        var (exitCode, output) = await ConfigAsync(
            "deploy/compose.two-regions.yml", ("POSTGRES_PASSWORD", "x"), ("OPERATOR_KEY", "y"), ("REGION_SECRET", "z"), ("EU_RELAY_ADDRESS", "192.0.2.1"), ("US_RELAY_ADDRESS", "192.0.2.2"));

        Assert.True(exitCode == 0, output);
    }

    [Theory]
    [InlineData("docker-compose.yml")]
    [InlineData("deploy/compose.two-regions.yml")]
    public void Every_dockerfile_that_is_named_exists(string file) => Assert.All(
        Deploy.Yaml.Read(file).SelectMany(static document => Deploy.Yaml.With(document, "dockerfile")),
        build => Assert.True(File.Exists(Path.Combine(RepositoryRoot.Path, (string)build["dockerfile"]!))));

    private static Task<(int ExitCode, string Output)> ConfigAsync(params (string Name, string Value)[] settings) => ConfigAsync("docker-compose.yml", settings);

    private static async Task<(int ExitCode, string Output)> ConfigAsync(string file, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("docker-compose", ["-f", Path.Combine(RepositoryRoot.Path, file), "--project-directory", RepositoryRoot.Path, "config", "-q"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}
