using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace NetDiscovery.Gateway.Idempotency;

/// <summary>Seals answers for the store: they hold secrets that nobody else keeps in clear.</summary>
/// <remarks>
/// AES-256-GCM under a key that follows from the operator key, the caller, the route and the Idempotency-Key: whoever has the database, and
/// even the operator key, still lacks the Idempotency-Key. 1 byte form (1) | 12 nonce | 16 tag | the answer.
/// </remarks>
internal static class AnswerSeal
{
    private const byte Form = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeaderBytes = 1 + NonceBytes + TagBytes;

    /// <param name="key">32 bytes.</param>
    /// <param name="bound">What the answer belongs to; needed again to open it.</param>
    /// <param name="answer">What to seal.</param>
    public static byte[] Seal(byte[] key, byte[] bound, byte[] answer)
    {
        var sealedAnswer = new byte[HeaderBytes + answer.Length];
        sealedAnswer[0] = Form;
        RandomNumberGenerator.Fill(sealedAnswer.AsSpan(1, NonceBytes));
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(sealedAnswer.AsSpan(1, NonceBytes), answer, sealedAnswer.AsSpan(HeaderBytes), sealedAnswer.AsSpan(1 + NonceBytes, TagBytes), bound);
        return sealedAnswer;
    }

    /// <returns>False when it was sealed with another key or for something else, or was changed.</returns>
    public static bool TryOpen(byte[] key, byte[] bound, byte[] sealedAnswer, [NotNullWhen(true)] out byte[]? answer)
    {
        answer = null;
        if (sealedAnswer.Length < HeaderBytes || sealedAnswer[0] != Form)
        {
            return false;
        }

        var opened = new byte[sealedAnswer.Length - HeaderBytes];
        using var aes = new AesGcm(key, TagBytes);
        try
        {
            aes.Decrypt(sealedAnswer.AsSpan(1, NonceBytes), sealedAnswer.AsSpan(HeaderBytes), sealedAnswer.AsSpan(1 + NonceBytes, TagBytes), opened, bound);
        }
        catch (CryptographicException)
        {
            return false;
        }

        answer = opened;
        return true;
    }
}
