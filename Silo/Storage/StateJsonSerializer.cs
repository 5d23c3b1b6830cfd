using System.Text.Json;
using NetDiscovery.Grains;
using Orleans.Storage;

namespace NetDiscovery.Silo.Storage;

/// <summary>Grain state as the JSON of <see cref="StateJson"/>, so that SQL can read what grains store.</summary>
public sealed class StateJsonSerializer : IGrainStorageSerializer
{
    /// <summary>Key under which it is registered, for <c>SerializerKey</c> in Orleans' configuration.</summary>
    public const string Key = "stj";

    /// <inheritdoc/>
    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, StateJson.Options));

    /// <inheritdoc/>
    public T? Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input.ToMemory().Span, StateJson.Options);
}
