using System.Numerics;

namespace NetDiscovery.Fuzz.Engine;

/// <summary>xoshiro256**: fast, and the same on every machine for the same seed.</summary>
internal sealed class FuzzRandom
{
    private ulong a, b, c, d;

    public FuzzRandom(ulong seed)
    {
        a = Next(ref seed);
        b = Next(ref seed);
        c = Next(ref seed);
        d = Next(ref seed);

        static ulong Next(ref ulong state)
        {
            var z = state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <returns>64 random bits.</returns>
    public ulong Next()
    {
        var result = BitOperations.RotateLeft(b * 5, 7) * 9;
        var t = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = BitOperations.RotateLeft(d, 45);
        return result;
    }

    /// <returns>0 to <paramref name="limit"/> − 1.</returns>
    public int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);
}
