using System.Text.Json;
using System.Text.Unicode;

namespace NetDiscovery.Gateway.Json;

/// <summary>Tells JSON whose texts are texts from JSON whose texts are none, which parsers let pass and readers throw at.</summary>
internal static class JsonText
{
    /// <summary>What is said of JSON whose texts are none.</summary>
    public const string Problem = "A text is not UTF-8, or escapes half a surrogate pair.";

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 32 };

    /// <returns>False for bytes that are not UTF-8, and for escapes of half a surrogate pair. True also for what is no JSON: the parser says where. Never throws.</returns>
    public static bool IsText(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return false;
        }

        // Only an escape can still be wrong.
        if (json.IndexOf("\\u"u8) < 0)
        {
            return true;
        }

        try
        {
            var reader = new Utf8JsonReader(json, Options);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String)
                {
                    _ = reader.GetString();
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
