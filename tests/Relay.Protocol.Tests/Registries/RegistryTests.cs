using System.Globalization;
using System.Text;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Tests.Vectors;

namespace NetDiscovery.Relay.Protocol.Tests.Registries;

/// <summary>Our enumerations and the registry files list the same numbers under the same names.</summary>
public class RegistryTests
{
    [Fact]
    public void Attribute_types_are_those_of_the_registry() => Same<AttributeType>("iana-attributes.csv");

    [Fact]
    public void Methods_are_those_of_the_registry() => Same<StunMethod>("iana-methods.csv");

    [Fact]
    public void Error_codes_and_phrases_are_those_of_the_registry()
    {
        Same<StunErrorCode>("iana-error-codes.csv");
        foreach (string[] row in Vector.LoadCsv("iana-error-codes.csv"))
        {
            Assert.Equal(row[1], Encoding.UTF8.GetString(ReasonPhrase.Of((StunErrorCode)Number(row[0]))));
        }

        Assert.True(ReasonPhrase.Of((StunErrorCode)699).IsEmpty);
    }

    [Fact]
    public void Comprehension_is_required_below_0x8000()
    {
        Assert.True(((AttributeType)0x7FFF).IsComprehensionRequired());
        Assert.True(AttributeType.MappedAddress.IsComprehensionRequired());
        Assert.False(((AttributeType)0x8000).IsComprehensionRequired());
        Assert.False(AttributeType.Fingerprint.IsComprehensionRequired());
    }

    private static void Same<T>(string file)
        where T : struct, Enum
    {
        Dictionary<int, string> listed = Vector.LoadCsv(file).ToDictionary(r => Number(r[0]), r => Letters(r[1]));
        Dictionary<int, string> ours = Enum.GetValues<T>().ToDictionary(v => Convert.ToInt32(v, CultureInfo.InvariantCulture), v => Letters(v.ToString()));
        Assert.Equal(listed.OrderBy(p => p.Key), ours.OrderBy(p => p.Key));
    }

    private static int Number(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        ? int.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : int.Parse(text, CultureInfo.InvariantCulture);

    private static string Letters(string name) =>
        new string([.. name.Where(char.IsLetterOrDigit)]).ToUpperInvariant().Replace("GOOG", "GOOGLE", StringComparison.Ordinal).Replace("GOOGLELE", "GOOGLE", StringComparison.Ordinal);
}
