using System.Text;

namespace NetDiscovery.Gateway.Json;

/// <summary>What names and labels may hold.</summary>
public static class TextRule
{
    /// <summary>Longest name, in characters, and longest label, in UTF-8 bytes.</summary>
    public const int MaxLength = 64;

    /// <returns>True for 1 to <paramref name="max"/> characters without control characters or unpaired surrogates.</returns>
    public static bool IsName(string? text, int max = MaxLength) =>
        !string.IsNullOrWhiteSpace(text) && text.Length <= max && IsPlain(text);

    /// <returns>True for 1 to 64 UTF-8 bytes without control characters.</returns>
    public static bool IsLabel(string text) => text.Length > 0 && IsPlain(text) && Encoding.UTF8.GetByteCount(text) <= MaxLength;

    private static bool IsPlain(string text) => text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar && !Rune.IsControl(rune));
}
