using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetDiscovery.Grains.Interfaces.Sessions;

/// <summary>Identifies a session and names the region that owns it: <c>SE</c>, 32 hexadecimal digits, a dot, the region.</summary>
/// <remarks>Any gateway can tell from the text alone which region to forward to.</remarks>
[GenerateSerializer, Immutable, Alias("SessionId"), JsonConverter(typeof(SessionIdJsonConverter))]
public readonly record struct SessionId([property: Id(0)] Guid Value, [property: Id(1)] string Region)
{
    /// <summary>A new identifier in <paramref name="region"/>, ordered by time of creation.</summary>
    public static SessionId New(string region) => new(Guid.CreateVersion7(), region);

    /// <summary>Reads the text form.</summary>
    /// <returns>False when <paramref name="text"/> has another shape. Never throws.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out SessionId id)
    {
        id = default;
        if (text is null || text.Length < 36 || text.Length > 35 + RegionName.MaxLength || !text.StartsWith("SE", StringComparison.Ordinal) || text[34] != '.'
            || !Guid.TryParseExact(text.AsSpan(2, 32), "N", out var value) || !RegionName.IsValid(text.AsSpan(35)))
        {
            return false;
        }

        id = new SessionId(value, text[35..]);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"SE{Value:N}.{Region}");
}

/// <summary>Stores a <see cref="SessionId"/> in JSON as its text form.</summary>
public sealed class SessionIdJsonConverter : JsonConverter<SessionId>
{
    /// <inheritdoc/>
    public override SessionId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SessionId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("Expected a session id.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, SessionId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
