using System.Reflection;
using NetDiscovery.Grains.Tenants;

namespace NetDiscovery.Grains.Tests.State;

/// <summary>The grain classes of the product, and the states they keep.</summary>
internal static class GrainClasses
{
    public static IReadOnlyList<Type> All { get; } =
        [.. typeof(TenantGrain).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Grain)) && !type.IsAbstract)];

    /// <summary>Every [PersistentState] parameter of every grain.</summary>
    public static IReadOnlyList<(Type Grain, PersistentStateAttribute State, Type StateType)> States { get; } =
    [
        .. from grain in All
           from parameter in grain.GetConstructors().SelectMany(constructor => constructor.GetParameters())
           let state = parameter.GetCustomAttribute<PersistentStateAttribute>()
           where state is not null
           select (grain, state, parameter.ParameterType.GetGenericArguments().Single()),
    ];
}
