namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>
/// Ports of a pool that could not be bound because another program has them, for one protocol. They are tried again only when no others are left, and
/// not before <see cref="BelievedFor"/> has passed: a range full of them would cost a system call for each port with every Allocate. Any thread.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class OccupiedPorts(TimeProvider time)
{
    /// <summary>How long a port counts as occupied at least. A client that got a 508 waits for a minute (RFC 8656 §7.4).</summary>
    public static readonly TimeSpan BelievedFor = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private long? since;

    /// <summary>The ports.</summary>
    public PortSet Ports { get; } = new();

    /// <summary>Notes that another program has a port.</summary>
    public void Add(ushort port)
    {
        lock (gate)
        {
            since ??= time.GetTimestamp();
            Ports.Add(port);
        }
    }

    /// <summary>Forgets all ports, so that they are tried again, when the first of them was found occupied long enough ago.</summary>
    /// <returns>False when there is nothing to try again.</returns>
    public bool TryForget()
    {
        lock (gate)
        {
            if (since is not { } first || time.GetElapsedTime(first) < BelievedFor)
            {
                return false;
            }

            since = null;
            Ports.Clear();
            return true;
        }
    }
}
