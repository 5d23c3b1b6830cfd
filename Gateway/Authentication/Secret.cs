using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace NetDiscovery.Gateway.Authentication;

/// <summary>A secret made here: shown to its owner once, known to the platform as a hash.</summary>
/// <param name="Text">What the owner gets.</param>
public readonly record struct Secret(string Text)
{
    private const int Bytes = 32;

    /// <summary>SHA-256 of the text's UTF-8 bytes: what goes to the grains.</summary>
    public byte[] Hash => SHA256.HashData(Encoding.UTF8.GetBytes(Text));

    /// <summary>A secret of 256 random bits.</summary>
    public static Secret New() => From(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>The secret that <paramref name="bytes"/> stand for.</summary>
    public static Secret From(ReadOnlySpan<byte> bytes) => new(Base64Url.EncodeToString(bytes));

    /// <summary>Says nothing, so that the secret can't reach a log by way of string formatting.</summary>
    public override string ToString() => "(secret)";
}
