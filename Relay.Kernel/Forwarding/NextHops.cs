using NetDiscovery.Relay.Kernel.Bpf;
using NetDiscovery.Relay.Kernel.Routing;

namespace NetDiscovery.Relay.Kernel.Forwarding;

/// <summary>The neighbours frames are handed to, with the hardware addresses the kernel knows. Its owner's lock guards it.</summary>
/// <param name="table">Shared with the program.</param>
/// <param name="routes">Knows the neighbours.</param>
internal sealed unsafe class NextHops(MappedArray table, RouteTable routes)
{
    private const ulong Known = 1UL << 63;

    private readonly Dictionary<(int Interface, NextHopAddress Address), Entry> entries = [];
    private readonly (int Interface, NextHopAddress Address)[] keys = new (int, NextHopAddress)[table.Capacity];
    private readonly Stack<int> free = new(Enumerable.Range(0, table.Capacity).Reverse());

    /// <summary>Neighbours in use.</summary>
    public int Count => entries.Count;

    /// <summary>Takes a neighbour into use; each call needs one <see cref="Release"/>.</summary>
    /// <returns>Its number, or -1 when there are too many.</returns>
    public int Acquire(LinkInformation link, NextHopAddress address)
    {
        if (entries.TryGetValue((link.Index, address), out var entry))
        {
            entry.Users++;
            return entry.Number;
        }

        if (!free.TryPop(out var number))
        {
            return -1;
        }

        keys[number] = (link.Index, address);
        entries[keys[number]] = new Entry(number) { Users = 1 };
        Write(number, link);
        Set(number, HardwareOf(link, address));
        return number;
    }

    /// <summary>Gives a neighbour back.</summary>
    /// <returns>True when nobody uses it any more: its number goes to <see cref="Free"/> once no program can be looking at it.</returns>
    public bool Release(int number)
    {
        if (--entries[keys[number]].Users > 0)
        {
            return false;
        }

        entries.Remove(keys[number]);
        Set(number, null);
        return true;
    }

    /// <summary>Lets a number be used again.</summary>
    public void Free(int number) => free.Push(number);

    /// <summary>Takes note of what the kernel now knows of a neighbour.</summary>
    public void Update(int interfaceIndex, NextHopAddress address, ulong? hardware)
    {
        if (entries.TryGetValue((interfaceIndex, address), out var entry))
        {
            Set(entry.Number, hardware);
        }
    }

    /// <summary>Asks about every neighbour again.</summary>
    public void Refresh(Func<int, LinkInformation?> findLink)
    {
        foreach (var (key, entry) in entries)
        {
            if (findLink(key.Interface) is { } link)
            {
                Write(entry.Number, link);
                Set(entry.Number, HardwareOf(link, key.Address));
            }
            else
            {
                Set(entry.Number, null);
            }
        }
    }

    // Loopback has no neighbours to ask for.
    private ulong? HardwareOf(LinkInformation link, NextHopAddress address) => link.IsLoopback ? link.Address : routes.FindNeighbour(link.Index, address);

    private void Set(int number, ulong? hardware) => Volatile.Write(ref ((HopLayout*)table.At(number))->Neighbour, hardware is { } known ? known | Known : 0);

    private void Write(int number, LinkInformation link)
    {
        var hop = (HopLayout*)table.At(number);
        for (var i = 0; i < 2; i++)
        {
            hop->OwnFirst[i] = (byte)(link.Address >> (8 * i));
        }

        for (var i = 0; i < 4; i++)
        {
            hop->OwnRest[i] = (byte)(link.Address >> (8 * (i + 2)));
        }

        hop->Interface = link.Index;
        hop->Mtu = link.IsUp ? link.Mtu : 0;
    }

    private sealed class Entry(int number)
    {
        public int Number => number;

        public int Users { get; set; }
    }
}
