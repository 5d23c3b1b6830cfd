using System.Collections;

namespace NetDiscovery.Hostile.Load;

/// <summary>Which datagrams of one flow and direction have arrived. Used by one receiving thread at a time.</summary>
internal sealed class Arrivals
{
    private readonly BitArray seen = new(1 << 16);
    private long count, repeated, broken;

    /// <summary>Different datagrams that arrived whole.</summary>
    public long Count => Volatile.Read(ref count);

    /// <summary>Arrived more than once.</summary>
    public long Repeated => Volatile.Read(ref repeated);

    /// <summary>Not as they were sent.</summary>
    public long Broken => Volatile.Read(ref broken);

    /// <summary>Notes one.</summary>
    public void Note(int number)
    {
        if (number < 0)
        {
            Volatile.Write(ref broken, broken + 1);
            return;
        }

        if (number >= seen.Length)
        {
            seen.Length = Math.Max(number + 1, seen.Length * 2);
        }

        if (seen[number])
        {
            Volatile.Write(ref repeated, repeated + 1);
            return;
        }

        seen[number] = true;
        Volatile.Write(ref count, count + 1);
    }
}
