using System.Reflection;
using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Repository.Contracts;

/// <summary>What crosses a process, as found in the compiled contracts, and the names it has on the wire.</summary>
internal static class ContractTypes
{
    /// <summary>Interfaces of grains.</summary>
    public static IReadOnlyList<Type> Interfaces { get; } =
        [.. Product().Where(type => type.IsInterface && type.IsAssignableTo(typeof(IAddressable)))];

    /// <summary>Records and enums with a serializer.</summary>
    public static IReadOnlyList<Type> Data { get; } =
        [.. Product().Where(type => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))];

    /// <summary>The value of [Alias], or null.</summary>
    public static string? Alias(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;

    /// <summary>The name in [GrainInterfaceType], or null.</summary>
    public static string? InterfaceType(Type type) => type.GetCustomAttributesData()
        .FirstOrDefault(data => data.AttributeType == typeof(GrainInterfaceTypeAttribute))?.ConstructorArguments[0].Value as string;

    /// <summary>Members of a record that are declared there and are not computed.</summary>
    public static IEnumerable<PropertyInfo> Members(Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        .Where(property => property.SetMethod is not null);

    /// <summary>The number in [Id(n)], or null.</summary>
    public static uint? Id(MemberInfo member) => member.GetCustomAttribute<IdAttribute>()?.Id;

    /// <summary>Short C# spelling of a type.</summary>
    public static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Name(underlying) + "?";
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (!type.IsGenericType)
            return type == typeof(string) ? "string" : type.Name;
        return $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }

    private static IEnumerable<Type> Product() => typeof(GrainKeys).Assembly.GetTypes()
        .Where(type => type.Namespace?.StartsWith("NetDiscovery.", StringComparison.Ordinal) == true);
}
