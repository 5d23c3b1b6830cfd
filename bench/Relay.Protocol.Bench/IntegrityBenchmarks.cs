using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Protocol.Bench;

/// <summary>Digests: the dearest part of an authenticated request.</summary>
[MemoryDiagnoser]
public class IntegrityBenchmarks
{
    private readonly IntegrityKey _key = new(SampleMessages.Key);
    private readonly byte[] _allocate = SampleMessages.Allocate(new IntegrityKey(SampleMessages.Key));
    private readonly byte[] _username = Encoding.UTF8.GetBytes(SampleMessages.Username);
    private readonly byte[] _realm = Encoding.UTF8.GetBytes(SampleMessages.Realm);
    private readonly byte[] _password = "a-password-of-some-length-0123"u8.ToArray();
    private readonly byte[] _derived = new byte[LongTermKey.Md5Size];

    /// <summary>The framework's one-shot HMAC-SHA1 over the same bytes, to compare with.</summary>
    [Benchmark(Baseline = true)]
    public int FrameworkHmacSha1()
    {
        Span<byte> digest = stackalloc byte[HMACSHA1.HashSizeInBytes];
        return HMACSHA1.HashData(SampleMessages.Key, _allocate, digest);
    }

    /// <summary>MESSAGE-INTEGRITY of an Allocate request with a cached key.</summary>
    [Benchmark]
    public bool CheckWithCachedKey()
    {
        StunMessage.TryRead(_allocate, out StunMessage message);
        return message.CheckMessageIntegrity(_key);
    }

    /// <summary>The same with a key of which nothing is cached.</summary>
    [Benchmark]
    public bool CheckWithBareKey()
    {
        StunMessage.TryRead(_allocate, out StunMessage message);
        return message.CheckMessageIntegrity(SampleMessages.Key);
    }

    /// <summary>FINGERPRINT of an Allocate request.</summary>
    [Benchmark]
    public bool CheckFingerprint()
    {
        StunMessage.TryRead(_allocate, out StunMessage message);
        return message.CheckFingerprint();
    }

    /// <summary>The long-term key from username, realm and password.</summary>
    [Benchmark]
    public byte DeriveLongTermKey()
    {
        LongTermKey.DeriveMd5(_username, _realm, _password, _derived);
        return _derived[0];
    }
}
