namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>Allocations that clients know to be alive: from the response that says so until they ask for the end. At no moment more than really are.</summary>
internal sealed class AliveCount
{
    private readonly Lock _gate = new();
    private int _alive;

    /// <summary>Most at any moment.</summary>
    public int Most { get; private set; }

    public void Begin()
    {
        lock (_gate)
        {
            Most = Math.Max(Most, ++_alive);
        }
    }

    public void End()
    {
        lock (_gate)
        {
            _alive--;
        }
    }
}
