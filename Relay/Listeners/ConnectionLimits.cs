namespace NetDiscovery.Relay.Listeners;

/// <summary>
/// What connections may hold together: how many, how many from one source, and for streams how many bytes towards slow readers.
/// DTLS associations and handshakes are counted the same way. Shared by all workers.
/// </summary>
/// <param name="maxConnections">Connections at once.</param>
/// <param name="maxPerSource">Connections at once from one source (<see cref="SourcePrefix"/>).</param>
/// <param name="what">What is counted, as metrics name it.</param>
internal sealed class ConnectionLimits(int maxConnections, int maxPerSource, string what = "connections")
{
    /// <summary>Bytes queued for all slow readers together.</summary>
    public const long MaxBufferedBytes = 512L * 1024 * 1024;

    private readonly Dictionary<UInt128, int> bySource = [];
    private readonly Lock gate = new();
    private readonly string perSource = $"{what}-per-source";
    private long buffered;

    /// <summary>Connections open.</summary>
    public int Open { get; private set; }

    /// <summary>Admits a connection.</summary>
    /// <returns>The limit it would break, or null.</returns>
    public string? TryOpen(in TransportAddress client)
    {
        var source = SourcePrefix.Of(client);
        lock (gate)
        {
            if (Open >= maxConnections)
            {
                return what;
            }

            var count = bySource.GetValueOrDefault(source);
            if (count >= maxPerSource)
            {
                return perSource;
            }

            bySource[source] = count + 1;
            Open++;
            return null;
        }
    }

    /// <summary>Counts an admitted connection as closed.</summary>
    public void Close(in TransportAddress client)
    {
        var source = SourcePrefix.Of(client);
        lock (gate)
        {
            Open--;
            if (--bySource[source] == 0)
            {
                bySource.Remove(source);
            }
        }
    }

    /// <summary>Sets memory aside for queued bytes.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="trusted">False for clients without an allocation: together they get a quarter, so that clients with one keep the rest.</param>
    public bool TryBuffer(int bytes, bool trusted)
    {
        if (Interlocked.Add(ref buffered, bytes) <= (trusted ? MaxBufferedBytes : MaxBufferedBytes / 4))
        {
            return true;
        }

        Interlocked.Add(ref buffered, -bytes);
        return false;
    }

    /// <summary>Gives memory back.</summary>
    public void Unbuffer(int bytes) => Interlocked.Add(ref buffered, -bytes);
}
