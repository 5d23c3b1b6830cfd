namespace NetDiscovery.Relay.Protocol.Stun.Hashing;

/// <summary>HMAC (RFC 2104) with the two keyed blocks already hashed, so that a short message costs two to four blocks less.</summary>
internal readonly struct Hmac<TState>
    where TState : struct, IBlockState<TState>
{
    private readonly TState _inner;
    private readonly TState _outer;

    public Hmac(ReadOnlySpan<byte> key)
    {
        Span<byte> block = stackalloc byte[BlockHash<TState>.BlockSize];
        block.Clear();
        if (key.Length > block.Length)
        {
            var hash = new BlockHash<TState>(TState.Initial, 0);
            hash.Append(key);
            hash.Finish(block);
        }
        else
        {
            key.CopyTo(block);
        }

        _inner = Keyed(block, 0x36);
        _outer = Keyed(block, 0x5C);
        block.Clear();
    }

    public BlockHash<TState> Begin() => new(_inner, BlockHash<TState>.BlockSize);

    /// <param name="hash">From <see cref="Begin"/>, fed with the message.</param>
    /// <param name="digest">At least the digest size.</param>
    public void Finish(ref BlockHash<TState> hash, Span<byte> digest)
    {
        Span<byte> inner = stackalloc byte[TState.DigestSize];
        hash.Finish(inner);
        var outer = new BlockHash<TState>(_outer, BlockHash<TState>.BlockSize);
        outer.Append(inner);
        outer.Finish(digest);
    }

    private static TState Keyed(ReadOnlySpan<byte> block, byte pad)
    {
        Span<byte> padded = stackalloc byte[BlockHash<TState>.BlockSize];
        for (int i = 0; i < padded.Length; i++) padded[i] = (byte)(block[i] ^ pad);
        TState state = TState.Initial;
        state.Compress(padded);
        padded.Clear();
        return state;
    }
}
