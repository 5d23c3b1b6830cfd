using System.Text.Json.Nodes;
using NetDiscovery.TestKit;
using YamlDotNet.RepresentationModel;

namespace NetDiscovery.Repository.Deploy;

/// <summary>Reads YAML as the JSON it stands for; every scalar is text. A key that is there twice is an error.</summary>
internal static class Yaml
{
    /// <summary>All documents of a file.</summary>
    /// <param name="path">From the repository's root.</param>
    public static IReadOnlyList<JsonNode> Read(string path)
    {
        using var reader = new StreamReader(Path.Combine(RepositoryRoot.Path, path));
        var stream = new YamlStream();
        stream.Load(reader);
        return [.. stream.Documents.Select(static document => Convert(document.RootNode)!)];
    }

    /// <summary>All objects with this key, wherever they are.</summary>
    public static IEnumerable<JsonObject> With(this JsonNode? node, string key) => node switch
    {
        JsonObject item => item.SelectMany(pair => pair.Value.With(key)).Concat(item.ContainsKey(key) ? [item] : []),
        JsonArray items => items.SelectMany(item => item.With(key)),
        _ => [],
    };

    /// <summary>The text at a path of keys; fails when it is not there.</summary>
    public static string Text(this JsonNode node, params string[] path)
    {
        var found = path.Aggregate(node, (at, key) => at[key] ?? throw new InvalidOperationException($"{string.Join('.', path)} is missing in {node.ToJsonString()}"));
        return (string)found!;
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(static pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(Convert)]),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new NotSupportedException(node.NodeType.ToString()),
    };
}
