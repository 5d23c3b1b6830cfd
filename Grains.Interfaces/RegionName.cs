namespace NetDiscovery.Grains.Interfaces;

/// <summary>The rule for region names: 1 to 32 of <c>a-z</c>, <c>0-9</c> and <c>-</c>, starting with a letter.</summary>
public static class RegionName
{
    /// <summary>Longest region name, in characters.</summary>
    public const int MaxLength = 32;

    /// <returns>True when <paramref name="name"/> keeps the rule.</returns>
    public static bool IsValid(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= MaxLength && char.IsAsciiLetterLower(name[0])
        && !name.ContainsAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789-");
}
