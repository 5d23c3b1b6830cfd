using NetDiscovery.Relay.Kernel.Tests.Fixtures;

namespace NetDiscovery.Relay.Kernel.Tests;

/// <summary>Entry point of the tests, and of the relay that one of them kills.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => args switch
    {
        [KilledRelay.Command, var folder, var mode] => KilledRelay.BecomeAsync(folder, mode),
        _ => Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    };
}
