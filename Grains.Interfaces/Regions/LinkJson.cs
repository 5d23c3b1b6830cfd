using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetDiscovery.Grains.Interfaces.Regions;

/// <summary>How regions write to each other: contracts as JSON, names in camel case, enums as text. Members are added, never renamed: regions are upgraded one after the other.</summary>
public static class LinkJson
{
    /// <summary>The options of every question and answer.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
