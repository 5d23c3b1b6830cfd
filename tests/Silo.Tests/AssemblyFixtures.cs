using NetDiscovery.TestKit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace NetDiscovery.Silo.Tests;

/// <summary>Names of collections.</summary>
internal static class AssemblyFixtures
{
    /// <summary>Classes that start processes or watch the clock run one after the other, so that they do not starve each other.</summary>
    public const string Heavy = "heavy";
}
