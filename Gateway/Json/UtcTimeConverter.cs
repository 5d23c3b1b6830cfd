using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetDiscovery.Gateway.Json;

/// <summary>Times as RFC 3339 in UTC with <c>Z</c> and milliseconds at most.</summary>
public sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    private const int MaxBytes = 24;

    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var time) ? time.ToUniversalTime() : throw new JsonException("Expected an RFC 3339 time.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[MaxBytes];
        value.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
