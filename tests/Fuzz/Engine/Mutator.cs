using System.Buffers.Binary;

namespace NetDiscovery.Fuzz.Engine;

/// <summary>Makes a new input of one or two known ones: bits, bytes, numbers, blocks, dictionary words, splices, several on top of each other.</summary>
/// <param name="random">Source of all choices.</param>
/// <param name="target">Says what sizes and words are good.</param>
internal sealed class Mutator(FuzzRandom random, IFuzzTarget target)
{
    private static readonly byte[] Bytes = [0, 1, 2, 3, 4, 7, 8, 16, 20, 32, 0x40, 0x4F, 0x7F, 0x80, 0xFE, 0xFF];
    private static readonly ushort[] Words = [0, 1, 3, 4, 7, 8, 12, 16, 20, 24, 32, 63, 127, 128, 255, 256, 500, 508, 763, 0x4000, 0x7FFF, 0x8000, 0xFFFC, 0xFFFF];
    private readonly byte[] buffer = new byte[target.MaxInputSize];
    private int length;

    /// <summary>Makes one input.</summary>
    /// <param name="parent">What to begin with.</param>
    /// <param name="other">What to splice from.</param>
    /// <returns>Good until the next call.</returns>
    public ReadOnlySpan<byte> Mutate(ReadOnlySpan<byte> parent, ReadOnlySpan<byte> other)
    {
        length = Math.Min(parent.Length, buffer.Length);
        parent[..length].CopyTo(buffer);
        for (var count = 1 << random.Below(5); count > 0; count--)
        {
            Step(other);
        }

        return buffer.AsSpan(0, length);
    }

    private void Step(ReadOnlySpan<byte> other)
    {
        var at = length == 0 ? 0 : random.Below(length);
        switch (length == 0 ? 9 : random.Below(14))
        {
            case 0:
                buffer[at] ^= (byte)(1 << random.Below(8));
                break;
            case 1:
                buffer[at] = (byte)random.Next();
                break;
            case 2:
                buffer[at] = Bytes[random.Below(Bytes.Length)];
                break;
            case 3:
                buffer[at] += (byte)(random.Below(33) - 16);
                break;
            case 4 when at + 2 <= length:
                BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(at), Words[random.Below(Words.Length)]);
                break;
            case 5 when at + 2 <= length:
                BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(at), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(at)) + random.Below(17) - 8));
                break;
            case 6:
                Remove(Align(at), BlockSize());
                break;
            case 7:
                Insert(Align(at), buffer.AsSpan(0, length), BlockSize());
                break;
            case 8:
                Overwrite(Align(at), buffer.AsSpan(0, length));
                break;
            case 9:
                InsertRandom(Align(at));
                break;
            case 10 when !other.IsEmpty:
                Insert(Align(at), other, BlockSize());
                break;
            case 11 when !other.IsEmpty:
                Overwrite(Align(at), other);
                break;
            case 12 when target.Dictionary.Count > 0:
                var word = target.Dictionary[random.Below(target.Dictionary.Count)];
                if (random.Below(2) == 0)
                {
                    Insert(Align(at), word, word.Length);
                }
                else
                {
                    word.AsSpan(0, Math.Min(word.Length, length - at)).CopyTo(buffer.AsSpan(at));
                }

                break;
            case 13 when random.Below(4) == 0:
                length = Align(at);
                break;
            default:
                buffer[at] = (byte)random.Next();
                break;
        }
    }

    private int Align(int at) => at - (at % target.UnitSize);

    private int BlockSize() => target.UnitSize * (1 + random.Below(1 << random.Below(5)));

    private void Remove(int at, int size)
    {
        size = Math.Min(size, length - at);
        buffer.AsSpan(at + size, length - at - size).CopyTo(buffer.AsSpan(at));
        length -= size;
    }

    private void Insert(int at, ReadOnlySpan<byte> from, int size)
    {
        size = Math.Min(Math.Min(size, from.Length), buffer.Length - length);
        if (size <= 0)
        {
            return;
        }

        var start = Align(random.Below(from.Length - size + 1));
        Span<byte> block = stackalloc byte[512];
        size = Math.Min(size, block.Length);
        from.Slice(start, size).CopyTo(block);
        buffer.AsSpan(at, length - at).CopyTo(buffer.AsSpan(at + size));
        block[..size].CopyTo(buffer.AsSpan(at));
        length += size;
    }

    private void Overwrite(int at, ReadOnlySpan<byte> from)
    {
        var size = Math.Min(Math.Min(BlockSize(), from.Length), length - at);
        if (size > 0)
        {
            from.Slice(Align(random.Below(from.Length - size + 1)), size).CopyTo(buffer.AsSpan(at));
        }
    }

    private void InsertRandom(int at)
    {
        Span<byte> block = stackalloc byte[Math.Min(BlockSize(), 64)];
        for (var i = 0; i < block.Length; i++)
        {
            block[i] = random.Below(4) == 0 ? Bytes[random.Below(Bytes.Length)] : (byte)random.Next();
        }

        Insert(at, block, block.Length);
    }
}
