using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace NetDiscovery.Relay.Protocol.Stun.Hashing;

/// <summary>Feeds bytes in pieces to a hash with 64-byte blocks, and pads the end (FIPS 180-4 §5.1.1). Lives on the stack.</summary>
internal struct BlockHash<TState>(TState state, long hashedBefore)
    where TState : struct, IBlockState<TState>
{
    internal const int BlockSize = 64;

    private TState _state = state;
    private long _total = hashedBefore;
    private int _filled;
    private Block _block;

    public void Append(ReadOnlySpan<byte> data)
    {
        _total += data.Length;
        Span<byte> block = _block;
        if (_filled > 0)
        {
            int taken = Math.Min(BlockSize - _filled, data.Length);
            data[..taken].CopyTo(block[_filled..]);
            _filled += taken;
            data = data[taken..];
            if (_filled < BlockSize) return;
            _state.Compress(block);
            _filled = 0;
        }

        for (; data.Length >= BlockSize; data = data[BlockSize..]) _state.Compress(data[..BlockSize]);
        data.CopyTo(block);
        _filled = data.Length;
    }

    /// <param name="digest">At least the digest size. Afterwards this value is used up.</param>
    public void Finish(Span<byte> digest)
    {
        Span<byte> block = _block;
        block[_filled++] = 0x80;
        if (_filled > BlockSize - 8)
        {
            block[_filled..].Clear();
            _state.Compress(block);
            _filled = 0;
        }

        block[_filled..].Clear();
        BinaryPrimitives.WriteInt64BigEndian(block[(BlockSize - 8)..], _total * 8);
        _state.Compress(block);
        _state.WriteDigest(digest);
    }

    [InlineArray(BlockSize)]
    private struct Block
    {
        private byte _first;
    }
}
