using System.Text;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Silo.Storage.Usage;

/// <summary>What the texts of a ledger row's key may be: at most 256 characters, no NUL, no half of a surrogate pair. PostgreSQL's text and index hold no others.</summary>
internal static class UsageKeyText
{
    private const int MaxLength = 256;

    public static bool IsStorable(UsageKeys keys) =>
        IsStorable(keys.Session) && IsStorable(keys.Label) && IsStorable(keys.Region) && IsStorable(keys.RelayId) && IsStorable(keys.Transport);

    public static UsageKeys MakeStorable(UsageKeys keys) => keys with
    {
        Session = MakeStorable(keys.Session),
        Label = MakeStorable(keys.Label),
        Region = MakeStorable(keys.Region),
        RelayId = MakeStorable(keys.RelayId),
        Transport = MakeStorable(keys.Transport),
    };

    private static bool IsStorable(string text) =>
        text.Length <= MaxLength && !text.AsSpan().Contains('\0') && !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF');

    /// <summary>Cuts off what is too long and replaces what can't be stored by U+FFFD; whole surrogate pairs stay.</summary>
    private static string MakeStorable(string text) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Length <= MaxLength ? text : text[..MaxLength])).Replace('\0', '\uFFFD');
}
