using NetDiscovery.Relay.Protocol.Stun.Hashing;

namespace NetDiscovery.Relay.Protocol.Stun;

/// <summary>
/// A key for message integrity with the HMAC states already worked out: make one per credential and keep it; that
/// saves half of the cost of a short message. Immutable, safe to share between threads. Holds secret material: never log it.
/// </summary>
public sealed class IntegrityKey
{
    internal readonly Hmac<Sha1State> Sha1;
    internal readonly Hmac<Sha256State> Sha256;

    /// <param name="key">The bytes of <see cref="LongTermKey"/>, or a short-term password. Not kept.</param>
    public IntegrityKey(ReadOnlySpan<byte> key)
    {
        Sha1 = new Hmac<Sha1State>(key);
        Sha256 = new Hmac<Sha256State>(key);
    }
}
