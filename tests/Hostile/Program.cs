namespace NetDiscovery.Hostile;

/// <summary>Entry point of the test and of the load run: <c>tests/Hostile/run</c> says what the arguments mean.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => args switch
    {
        ["run", .. var rest] => HostileCommand.RunAsync(rest),
        _ => Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    };
}
