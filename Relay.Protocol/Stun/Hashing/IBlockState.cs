namespace NetDiscovery.Relay.Protocol.Stun.Hashing;

/// <summary>The chaining value of a hash with 64-byte blocks.</summary>
internal interface IBlockState<TSelf>
    where TSelf : struct, IBlockState<TSelf>
{
    static abstract TSelf Initial { get; }

    static abstract int DigestSize { get; }

    /// <param name="block">64 bytes.</param>
    void Compress(ReadOnlySpan<byte> block);

    void WriteDigest(Span<byte> digest);
}
