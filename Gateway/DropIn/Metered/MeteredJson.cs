using System.Text.Encodings.Web;
using System.Text.Json;
using NetDiscovery.Gateway.Json;

namespace NetDiscovery.Gateway.DropIn.Metered;

/// <summary>How Metered's API writes: camelCase, with gigabytes as numbers.</summary>
public static class MeteredJson
{
    private const decimal Gigabyte = 1_000_000_000;

    /// <summary>The serializer's options.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>Bytes in gigabytes of 1,000,000,000, to the byte.</returns>
    public static decimal Gigabytes(long bytes) => bytes / Gigabyte;

    /// <returns>An answer with this body.</returns>
    public static IResult Answer<T>(T body) => JsonAnswer.Of(body, options: Options);
}
