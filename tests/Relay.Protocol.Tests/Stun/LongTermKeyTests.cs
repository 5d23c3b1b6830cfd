using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Tests.Stun;

public class LongTermKeyTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(400)]
    [InlineData(5000)]
    public void Keys_are_hashes_of_the_joined_parts_at_any_length(int size)
    {
        string user = new('u', size), realm = "realm", password = new('p', size);
        Span<byte> key = stackalloc byte[32];
        LongTermKey.DeriveMd5(Encoding.UTF8.GetBytes(user), "realm"u8, Encoding.UTF8.GetBytes(password), key);
        Assert.True(key[..16].SequenceEqual(MD5.HashData(Encoding.UTF8.GetBytes($"{user}:{realm}:{password}"))));
        LongTermKey.DeriveSha256(Encoding.UTF8.GetBytes(user), "realm"u8, Encoding.UTF8.GetBytes(password), key);
        Assert.True(key.SequenceEqual(SHA256.HashData(Encoding.UTF8.GetBytes($"{user}:{realm}:{password}"))));
        LongTermKey.DeriveUserHash(Encoding.UTF8.GetBytes(user), "realm"u8, key);
        Assert.True(key.SequenceEqual(SHA256.HashData(Encoding.UTF8.GetBytes($"{user}:{realm}"))));
    }

    [Theory]
    [InlineData(SecurityFeatures.None, "obMatJos2AAAA")]
    [InlineData(SecurityFeatures.PasswordAlgorithms, "obMatJos2AAAB")]
    [InlineData(SecurityFeatures.UserAnonymity, "obMatJos2AAAC")]
    [InlineData(SecurityFeatures.PasswordAlgorithms | SecurityFeatures.UserAnonymity, "obMatJos2AAAD")]
    public void The_nonce_cookie_carries_the_security_features(SecurityFeatures features, string expected)
    {
        Span<byte> nonce = stackalloc byte[NonceCookie.Size];
        NonceCookie.Write(nonce, features);
        Assert.Equal(expected, Encoding.ASCII.GetString(nonce));
        Assert.True(NonceCookie.TryRead([.. nonce, .. "more"u8], out SecurityFeatures read));
        Assert.Equal(features, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("obMatJos2AAA")]
    [InlineData("obMatJos2A*AA")]
    [InlineData("obMatJos2AA==")]
    [InlineData("obMatJos1AAAD")]
    public void A_nonce_without_a_whole_cookie_promises_nothing(string nonce)
    {
        Assert.False(NonceCookie.TryRead(Encoding.ASCII.GetBytes(nonce), out SecurityFeatures features));
        Assert.Equal(SecurityFeatures.None, features);
    }
}
