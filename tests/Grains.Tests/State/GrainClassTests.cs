using System.Reflection;
using NetDiscovery.Grains.Allocations;
using NetDiscovery.Grains.Interfaces;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Tests.State;

public sealed class GrainClassTests
{
    [Fact]
    public void Every_grain_has_a_grain_type_of_its_own()
    {
        Assert.NotEmpty(GrainClasses.All);
        Assert.All(GrainClasses.All, grain => Assert.True(grain.IsDefined(typeof(GrainTypeAttribute)), $"{grain.Name} has no [GrainType]."));
        AssertUnique(GrainClasses.All.Select(grain => grain.GetCustomAttributesData().Single(data => data.AttributeType == typeof(GrainTypeAttribute)).ConstructorArguments[0].Value!.ToString()!));
    }

    // A row is named by state name and key alone: two classes with one name would read each other's rows.
    [Fact]
    public void State_names_are_unique_over_all_grain_classes()
    {
        Assert.NotEmpty(GrainClasses.States);
        AssertUnique(GrainClasses.States.Select(state => state.State.StateName).Append(AllocationGrain.StateName));
    }

    [Fact]
    public void States_are_kept_by_the_providers_the_silo_registers()
    {
        Assert.All(GrainClasses.States, state => Assert.Contains(state.State.StorageName, new[] { StorageNames.Default, StorageNames.Allocations, StorageNames.Sessions }));
        Assert.All(GrainClasses.States, state => Assert.NotNull(Activator.CreateInstance(state.StateType)));
    }

    [Fact]
    public void Every_contract_has_exactly_one_grain()
    {
        var contracts = typeof(GrainKeys).Assembly.GetTypes().Where(type => type.IsInterface && type.IsAssignableTo(typeof(IGrain)));
        Assert.All(contracts, contract => Assert.Single(GrainClasses.All, contract.IsAssignableFrom));
    }

    // Integer keys are for stateless workers only: nothing is stored under them.
    [Fact]
    public void Only_stateless_workers_have_integer_keys()
    {
        Assert.All(GrainClasses.All, grain => Assert.Equal(grain.IsAssignableTo(typeof(IGrainWithIntegerKey)), grain.GetCustomAttribute<StatelessWorkerAttribute>() is not null));
    }

    private static void AssertUnique(IEnumerable<string> names) =>
        Assert.Empty(names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key));
}
