using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace NetDiscovery.Gateway.Json;

/// <summary>Compares JSON with the type it should become and finds every member that does not fit, where the serializer stops at the first.</summary>
public static class JsonShape
{
    /// <summary>Notes unknown members and wrong types, and takes them out of <paramref name="node"/>, so that the rest can be read and checked as well.</summary>
    /// <returns>False when the node itself does not fit.</returns>
    public static bool Check(JsonNode? node, Type type, string path, FieldErrors errors, JsonSerializerOptions options)
    {
        var shape = options.GetTypeInfo(type);
        switch (shape.Kind)
        {
            case JsonTypeInfoKind.Object when node is JsonObject members:
                CheckMembers(members, shape, path, errors, options);
                return true;
            case JsonTypeInfoKind.Dictionary when node is JsonObject entries:
                foreach (var key in entries.Select(entry => entry.Key).ToList())
                {
                    if (!Check(entries[key], shape.ElementType!, Join(path, key), errors, options))
                    {
                        entries.Remove(key);
                    }
                }

                return true;
            case JsonTypeInfoKind.Enumerable when node is JsonArray items:
                CheckItems(items, shape, path, errors, options);
                return true;
            case JsonTypeInfoKind.None when Reads(node, type, options):
                return true;
            default:
                errors.Add(path.Length == 0 ? "body" : path, $"must be {Describe(shape)}");
                return false;
        }
    }

    private static void CheckMembers(JsonObject members, JsonTypeInfo shape, string path, FieldErrors errors, JsonSerializerOptions options)
    {
        foreach (var name in members.Select(member => member.Key).ToList())
        {
            var field = Join(path, name);
            var property = shape.Properties.FirstOrDefault(candidate => candidate.Name == name && candidate.Set is not null);
            if (property is null)
            {
                errors.Add(field, "is not a field of this request");
                members.Remove(name);
            }
            else if (members[name] is null && property.IsSetNullable)
            {
                continue;
            }
            else if (!Check(members[name], property.PropertyType, field, errors, options))
            {
                members.Remove(name);
            }
        }
    }

    private static void CheckItems(JsonArray items, JsonTypeInfo shape, string path, FieldErrors errors, JsonSerializerOptions options)
    {
        var bad = new List<int>();
        for (var index = 0; index < items.Count; index++)
        {
            if (!Check(items[index], shape.ElementType!, $"{path}[{index}]", errors, options))
            {
                bad.Add(index);
            }
        }

        foreach (var index in Enumerable.Reverse(bad))
        {
            items.RemoveAt(index);
        }
    }

    private static bool Reads(JsonNode? node, Type type, JsonSerializerOptions options)
    {
        try
        {
            return node.Deserialize(type, options) is not null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Describe(JsonTypeInfo shape) => shape.Kind switch
    {
        JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => "an object",
        JsonTypeInfoKind.Enumerable => "an array",
        _ => DescribeValue(Nullable.GetUnderlyingType(shape.Type) ?? shape.Type),
    };

    private static string DescribeValue(Type type) => type switch
    {
        { IsEnum: true } => "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName)),
        _ when type == typeof(string) => "a string",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) || type == typeof(long) => "a whole number",
        _ when type == typeof(DateTimeOffset) => "a time as RFC 3339",
        _ => "of another type",
    };
}
