using System.Numerics;
using System.Security.Cryptography;

namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>
/// The relayed ports of one IP address: which are taken, and a random choice among the rest. A released port is usable again at once.
/// Taking and releasing is thread-safe; <see cref="IsTaken"/> is one read, made for the packet path.
/// </summary>
internal sealed class PortPool
{
    private readonly ulong[] taken = new ulong[65536 / 64];
    private readonly ulong[] usable = new ulong[65536 / 64];
    private readonly Lock gate = new();
    private readonly int firstWord;
    private readonly int wordCount;
    private int free;

    /// <param name="minPort">Lowest port, 1 to 65535.</param>
    /// <param name="maxPort">Highest port, at least <paramref name="minPort"/>.</param>
    public PortPool(int minPort, int maxPort)
    {
        for (var port = minPort; port <= maxPort; port++)
        {
            usable[port >> 6] |= 1UL << (port & 63);
        }

        firstWord = minPort >> 6;
        wordCount = (maxPort >> 6) - firstWord + 1;
        Capacity = free = maxPort - minPort + 1;
    }

    /// <summary>Ports in the pool.</summary>
    public int Capacity { get; }

    /// <summary>Ports not taken now.</summary>
    public int Free => Volatile.Read(ref free);

    /// <returns>True while <paramref name="port"/> is taken. Any thread, no lock.</returns>
    public bool IsTaken(ushort port) => (Volatile.Read(ref taken[port >> 6]) & (1UL << (port & 63))) != 0;

    /// <summary>Takes a random free port.</summary>
    /// <param name="parity">Which ports will do.</param>
    /// <param name="port">The port when the method returns true.</param>
    /// <param name="except">Ports that will not do, the second of a pair included.</param>
    /// <returns>False when none is free.</returns>
    public bool TryTake(PortParity parity, out ushort port, PortSet? except = null)
    {
        lock (gate)
        {
            return TryFind(parity, except, out port) && Mark(port, parity == PortParity.EvenWithNext ? 2 : 1);
        }
    }

    /// <summary>Takes one certain port, as a restart does.</summary>
    /// <returns>False when it is taken or outside the pool.</returns>
    public bool TryTake(ushort port)
    {
        lock (gate)
        {
            return (usable[port >> 6] & ~taken[port >> 6] & (1UL << (port & 63))) != 0 && Mark(port, 1);
        }
    }

    /// <summary>Gives back a port got from <see cref="TryTake(PortParity, out ushort, PortSet?)"/>; the second of a pair is given back by itself.</summary>
    /// <exception cref="InvalidOperationException">The port was not taken: two owners would share it.</exception>
    public void Release(ushort port)
    {
        lock (gate)
        {
            var bit = 1UL << (port & 63);
            if ((taken[port >> 6] & bit) == 0)
            {
                throw new InvalidOperationException($"Port {port} was released twice.");
            }

            Volatile.Write(ref taken[port >> 6], taken[port >> 6] & ~bit);
            Volatile.Write(ref free, free + 1);
        }
    }

    private bool Mark(ushort port, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var p = port + i;
            Volatile.Write(ref taken[p >> 6], taken[p >> 6] | (1UL << (p & 63)));
        }

        Volatile.Write(ref free, free - count);
        return true;
    }

    private bool TryFind(PortParity parity, PortSet? except, out ushort port)
    {
        const ulong EvenBits = 0x5555_5555_5555_5555;
        var start = RandomNumberGenerator.GetInt32(wordCount);
        var rotation = RandomNumberGenerator.GetInt32(64);
        for (var i = 0; i < wordCount; i++)
        {
            var word = firstWord + ((start + i) % wordCount);
            var candidates = usable[word] & ~taken[word] & ~(except?.Word(word) ?? 0);
            candidates = parity switch
            {
                PortParity.Any => candidates,
                PortParity.Even => candidates & EvenBits,
                _ => candidates & EvenBits & (candidates >> 1),
            };
            if (candidates != 0)
            {
                // Start inside the word at a random bit too, so that neighbours are not handed out in order.
                var bit = (BitOperations.TrailingZeroCount(BitOperations.RotateRight(candidates, rotation)) + rotation) & 63;
                port = (ushort)((word << 6) + bit);
                return true;
            }
        }

        port = 0;
        return false;
    }
}

/// <summary>What EVEN-PORT asks of a port (RFC 8656 §18.7).</summary>
internal enum PortParity
{
    /// <summary>Any port.</summary>
    Any,

    /// <summary>An even port.</summary>
    Even,

    /// <summary>An even port whose next higher one is free too; both are taken.</summary>
    EvenWithNext,
}
