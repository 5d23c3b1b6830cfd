using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;
using NetDiscovery.TestKit;

namespace NetDiscovery.Repository.Settings;

/// <summary>The settings that the product reads: properties of validated options, and keys that its source names.</summary>
internal static partial class SettingsInCode
{
    // Options that get these from other sections.
    private static readonly HashSet<string> FromElsewhere = ["Storage:ConnectionString", "Storage:DataPath", "Callbacks:AllowPrivateAddresses"];

    /// <summary>Properties of options: each should be in the reference.</summary>
    public static IReadOnlySet<string> OfOptions { get; } = ReadOptions();

    /// <summary>Keys that the source names, such as <c>Health:Urls</c>.</summary>
    public static IReadOnlySet<string> OfSource { get; } = ReadSource();

    /// <summary>All C# of the product's projects.</summary>
    public static IEnumerable<string> Sources() =>
        from project in ProductAssemblies.Arrows.Keys
        from file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, project), "*.cs", SearchOption.AllDirectories)
        where !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        select File.ReadAllText(file);

    private static HashSet<string> ReadOptions()
    {
        var types = ProductAssemblies.Arrows.Keys.Select(ProductAssemblies.Load).SelectMany(static assembly => assembly.GetTypes()).ToLookup(static type => type.Name);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match match in Sources().SelectMany(static source => Registration().Matches(source)))
        {
            var type = types[match.Groups["type"].Value].Single();
            var section = match.Groups["section"] is { Success: true, Value: var text } ? text : (string)type.GetField("Section")!.GetRawConstantValue()!;
            names.UnionWith(Of(type, section));
        }

        Assert.InRange(names.Count, 50, 500);
        return [.. names.Except(FromElsewhere)];
    }

    private static IEnumerable<string> Of(Type type, string path)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            var element = property.PropertyType.IsArray ? property.PropertyType.GetElementType()! : property.PropertyType.IsGenericType && property.PropertyType.IsAssignableTo(typeof(IEnumerable))
                ? property.PropertyType.GetGenericArguments()[0] : null;
            if (property.SetMethod is not { IsPublic: true } && element is null)
            {
                continue;
            }

            var (value, name) = element is null ? (property.PropertyType, $"{path}:{property.Name}") : (element, $"{path}:{property.Name}:N");
            foreach (var found in value.Namespace?.StartsWith("NetDiscovery", StringComparison.Ordinal) == true && value.IsClass ? Of(value, name) : [name])
            {
                yield return found;
            }
        }
    }

    private static HashSet<string> ReadSource() =>
    [
        .. Sources().SelectMany(static source => Key().Matches(source)).Select(static match => match.Groups[1].Value),
        .. Sources().SelectMany(static source => ConnectionString().Matches(source)).Select(static match => $"ConnectionStrings:{match.Groups[1].Value}"),
        .. Sources().SelectMany(static source => Variable().Matches(source)).Select(static match => match.Groups[1].Value),
    ];

    [GeneratedRegex("""AddValidatedOptions<(?<type>\w+), \w+>\((?:\w+\.Section|"(?<section>[^"]+)")\)""")]
    private static partial Regex Registration();

    [GeneratedRegex("\"([A-Z]\\w*(?::[A-Z]\\w*)+)\"")]
    private static partial Regex Key();

    [GeneratedRegex("GetConnectionString\\(\"(\\w+)\"\\)")]
    private static partial Regex ConnectionString();

    [GeneratedRegex("\"(OTEL_[A-Z_]+)\"")]
    private static partial Regex Variable();
}
