using NetDiscovery.Fuzz.Engine;

namespace NetDiscovery.Fuzz;

/// <summary>Entry point of the tests and of the fuzzer: <c>tests/Fuzz/run</c> says what the arguments mean.</summary>
internal static class Program
{
    public static int Main(string[] args) => args switch
    {
        ["instrument", var folder] => Instrumentation.Copy(AppContext.BaseDirectory, folder),
        [FuzzTargets.Codec or FuzzTargets.Handlers, .. var rest] => FuzzCommand.Run(args[0], rest),
        _ => Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions).GetAwaiter().GetResult(),
    };
}
