using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using NetDiscovery.Gateway.Json;

namespace NetDiscovery.Gateway.DropIn.Twilio;

/// <summary>How Twilio's API writes: snake_case, numbers and times as text.</summary>
public static class TwilioJson
{
    /// <summary>The serializer's options.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <returns>A time as RFC 2822 writes it.</returns>
    public static string Rfc2822(DateTimeOffset time) => time.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture);

    /// <returns>A date, <c>yyyy-MM-dd</c>.</returns>
    public static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <returns>An answer with this body.</returns>
    public static IResult Answer<T>(T body, int status = StatusCodes.Status200OK) => JsonAnswer.Of(body, status, options: Options);
}
