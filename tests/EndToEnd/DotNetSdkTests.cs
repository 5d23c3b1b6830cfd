namespace NetDiscovery.EndToEnd;

/// <summary>The example program of the .NET SDK against the whole platform.</summary>
public sealed class DotNetSdkTests(StandaloneTests.Running running) : IClassFixture<StandaloneTests.Running>
{
    [Fact]
    public async Task The_example_makes_a_session_and_hears_the_decision()
    {
        var (exitCode, output) = await CommandLine.RunAsync(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "NetDiscovery.Client.Example.dll"), running.Instance.Url.ToString(), running.Instance.TenantId, running.Instance.AuthToken],
            TimeSpan.FromSeconds(180));

        Assert.True(exitCode == 0, output);
        Assert.Contains("bob hears: stun.", output, StringComparison.Ordinal);
        Assert.Contains("bob hears from alice: offer", output, StringComparison.Ordinal);
        Assert.Contains("bye: alice said goodbye: done", output, StringComparison.Ordinal);
    }
}
