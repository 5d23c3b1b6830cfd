using System.Security.Cryptography;
using CsCheck;
using NetDiscovery.Relay.Protocol.Attributes;

namespace NetDiscovery.Relay.Protocol.Tests.Attributes;

public class AccessTokenContentTests
{
    private static readonly byte[] Nonce = new byte[AccessTokenContent.NonceSize];

    [Fact]
    public void What_was_sealed_is_opened_with_the_same_key_and_name() =>
        Gen.Select(Gen.Byte.Array[0, 64], Gen.ULong, Gen.UInt).Sample(c =>
        {
            (byte[] macKey, ulong timestamp, uint lifetime) = c;
            using var aead = new AesGcm(new byte[32], AccessTokenContent.TagSize);
            byte[] encrypted = Seal(aead, new AccessTokenContent(macKey, timestamp, lifetime));
            Span<byte> opened = stackalloc byte[200];
            return AccessTokenContent.TryOpen(aead, "turn.example"u8, new AccessToken(Nonce, encrypted), opened, out AccessTokenContent content)
                && content.MacKey.SequenceEqual(macKey) && content.Timestamp == timestamp && content.LifetimeSeconds == lifetime
                && !AccessTokenContent.TryOpen(aead, "other.example"u8, new AccessToken(Nonce, encrypted), opened, out _);
        }, iter: 100);

    [Fact]
    public void Every_changed_byte_and_every_truncation_is_refused()
    {
        using var aead = new AesGcm(new byte[32], AccessTokenContent.TagSize);
        byte[] encrypted = Seal(aead, new AccessTokenContent(new byte[20], 1, 2));
        Span<byte> opened = stackalloc byte[200];
        for (int i = 0; i < encrypted.Length; i++)
        {
            Assert.False(AccessTokenContent.TryOpen(aead, "turn.example"u8, new AccessToken(Nonce, encrypted.AsSpan(0, i)), opened, out _));
            encrypted[i] ^= 1;
            Assert.False(AccessTokenContent.TryOpen(aead, "turn.example"u8, new AccessToken(Nonce, encrypted), opened, out _));
            encrypted[i] ^= 1;
        }

        Assert.False(AccessTokenContent.TryOpen(aead, "turn.example"u8, new AccessToken(Nonce.AsSpan(1), encrypted), opened, out _));
        Assert.False(AccessTokenContent.TryOpen(aead, "turn.example"u8, new AccessToken(Nonce, encrypted), opened[..10], out _));
    }

    [Fact]
    public void A_key_length_over_the_content_is_refused()
    {
        using var aead = new AesGcm(new byte[32], AccessTokenContent.TagSize);
        byte[] plain = new byte[34], encrypted = new byte[34 + AccessTokenContent.TagSize];
        plain[1] = 21;
        aead.Encrypt(Nonce, plain, encrypted.AsSpan(0, 34), encrypted.AsSpan(34), "turn.example"u8);
        Assert.False(AccessTokenContent.TryOpen(aead, "turn.example"u8, new AccessToken(Nonce, encrypted), new byte[100], out _));
    }

    private static byte[] Seal(AesGcm aead, AccessTokenContent content)
    {
        var encrypted = new byte[content.SealedSize];
        content.Seal(aead, "turn.example"u8, Nonce, encrypted);
        return encrypted;
    }
}
