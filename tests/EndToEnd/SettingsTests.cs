using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>What a person gets wrong at the first start is told to them, without a stack trace.</summary>
public sealed class SettingsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    [Fact]
    public async Task Wrong_settings_are_all_named_at_once_and_the_exit_code_is_2()
    {
        using var data = new TemporaryFolder();
        var (exitCode, output) = await HostProcess.RunAsync(
            "Standalone", [$"--Data:Path={data.Path}", "--Relay:Port=70000", "--Relay:AllowPeers:0=everything", "--Storage:Provider=Oracle", "--Logging:ClientAddresses=7"], Limit);

        Assert.True(exitCode == 2, output);
        Assert.Contains("Relay:Port", output, StringComparison.Ordinal);
        Assert.Contains("Relay:AllowPeers:0", output, StringComparison.Ordinal);
        Assert.Contains("Logging:ClientAddresses", output, StringComparison.Ordinal);
        Assert.Contains("Storage:Provider", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_of_the_wrong_type_is_named_and_the_exit_code_is_2()
    {
        using var data = new TemporaryFolder();
        var (exitCode, output) = await HostProcess.RunAsync("Standalone", [$"--Data:Path={data.Path}", "--Relay:Port=stun"], Limit);

        Assert.True(exitCode == 2, output);
        Assert.Contains("Relay:Port", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_that_is_a_file_is_named_and_the_exit_code_is_3()
    {
        using var data = new TemporaryFolder();
        var file = Path.Combine(data.Path, "file");
        await File.WriteAllTextAsync(file, "not a folder");
        var (exitCode, output) = await HostProcess.RunAsync("Standalone", [$"--Data:Path={file}"], Limit);

        Assert.True(exitCode == 3, output);
        Assert.Contains(file, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_named_and_the_exit_code_is_3()
    {
        using var data = new TemporaryFolder();
        var (exitCode, output) = await HostProcess.RunAsync(
            "Silo",
            ["--Storage:Provider=PostgreSql", $"--ConnectionStrings:Storage=Host=127.0.0.1;Port={FreePort.Tcp()};Database=none;Username=none;Password=secret-word"],
            Limit);

        Assert.True(exitCode == 3, output);
        Assert.Contains("ConnectionStrings:Storage", output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }
}

/// <summary>A folder for one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private TemporaryFolder(string path) => Path = path;

    public TemporaryFolder()
        : this(Directory.CreateTempSubdirectory("netdiscovery-e2e-").FullName)
    {
    }

    public string Path { get; }

    /// <summary>On a tmpfs: memory that outlives a process.</summary>
    public static TemporaryFolder InMemory() => new(Directory.CreateDirectory($"/dev/shm/netdiscovery-e2e-{Guid.NewGuid():n}").FullName);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
