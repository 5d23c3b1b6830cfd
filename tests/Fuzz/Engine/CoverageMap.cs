using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SharpFuzz.Common;

namespace NetDiscovery.Fuzz.Engine;

/// <summary>
/// The hit counts that instrumented code writes (AFL's map, one byte for each pair of branches), and which of them were ever seen.
/// Counts are told apart as AFL does: 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more.
/// </summary>
internal sealed unsafe class CoverageMap
{
    /// <summary>Bytes of the map; a power of 2. Fits into a first-level cache, and is sparse enough for all branches of a worker.</summary>
    public const int Size = 32768;

    // What an assembly that was not narrowed would write to.
    private const int Allocated = 65536;

    private static readonly byte[] Classes = MakeClasses();
    private readonly byte* hits = (byte*)NativeMemory.AlignedAlloc(Allocated, 64);
    private readonly byte[] seen = new byte[Size];
    private readonly bool countsMatter;

    /// <summary>Points the instrumented code at this map.</summary>
    /// <param name="countsMatter">False: only whether a branch was taken, not how often.</param>
    public CoverageMap(bool countsMatter = true)
    {
        this.countsMatter = countsMatter;
        NativeMemory.Clear(hits, Allocated);
        Trace.SharedMem = hits;
    }

    /// <summary>Pairs of branches taken by any input so far.</summary>
    public int Edges { get; private set; }

    /// <summary>Call before each execution.</summary>
    public static void Begin() => Trace.PrevLocation = 0;

    /// <summary>Takes in and clears what the execution noted.</summary>
    /// <returns>True when it took a branch, or a number of times, not seen before.</returns>
    [SkipLocalsInit]
    public bool Harvest()
    {
        var found = false;
        for (var at = 0; at < Size; at += Vector256<byte>.Count)
        {
            var vector = Vector256.LoadAligned(hits + at);
            var empty = Vector256.Equals(vector, Vector256<byte>.Zero).ExtractMostSignificantBits();
            if (empty == uint.MaxValue)
            {
                continue;
            }

            for (var taken = ~empty; taken != 0; taken &= taken - 1)
            {
                var i = at + BitOperations.TrailingZeroCount(taken);
                var bucket = countsMatter ? Classes[hits[i]] : (byte)1;
                if ((seen[i] & bucket) == 0)
                {
                    Edges += seen[i] == 0 ? 1 : 0;
                    seen[i] |= bucket;
                    found = true;
                }
            }

            Vector256<byte>.Zero.StoreAligned(hits + at);
        }

        return found;
    }

    private static byte[] MakeClasses()
    {
        var classes = new byte[256];
        for (var count = 1; count < 256; count++)
        {
            classes[count] = count switch { 1 => 1, 2 => 2, 3 => 4, < 8 => 8, < 16 => 16, < 32 => 32, < 128 => 64, _ => 128 };
        }

        return classes;
    }
}
