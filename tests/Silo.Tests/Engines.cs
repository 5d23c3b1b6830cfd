using NetDiscovery.Silo.Storage;
using Xunit.Sdk;
using Xunit.v3;

namespace NetDiscovery.Silo.Tests;

/// <summary>Runs a theory once on each engine.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EnginesAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(System.Reflection.MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([new TheoryDataRow<StorageProvider>(StorageProvider.Sqlite), new TheoryDataRow<StorageProvider>(StorageProvider.PostgreSql)]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
