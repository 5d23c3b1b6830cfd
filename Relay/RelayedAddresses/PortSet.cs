namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>A set of ports. Any thread may ask; adding and removing is atomic.</summary>
internal sealed class PortSet
{
    private readonly ulong[] words = new ulong[65536 / 64];

    /// <returns>True while <paramref name="port"/> is in the set. No lock.</returns>
    public bool Contains(ushort port) => (Volatile.Read(ref words[port >> 6]) & (1UL << (port & 63))) != 0;

    /// <returns>64 ports beginning with 64 times <paramref name="index"/>, the lowest in the lowest bit. No lock.</returns>
    public ulong Word(int index) => Volatile.Read(ref words[index]);

    /// <summary>Adds a port.</summary>
    public void Add(ushort port) => Interlocked.Or(ref words[port >> 6], 1UL << (port & 63));

    /// <summary>Removes a port.</summary>
    public void Remove(ushort port) => Interlocked.And(ref words[port >> 6], ~(1UL << (port & 63)));

    /// <summary>Removes all ports; one that is added meanwhile may stay or go.</summary>
    public void Clear() => Array.Clear(words);
}
