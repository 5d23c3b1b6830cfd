using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.KernelPath;

/// <summary>
/// A way for the datagrams of bound channels that does not lead through the relay's process. One for each worker, told of everything that opens or
/// closes a channel; the worker's gate is held around every call.
/// </summary>
internal interface IFastPath
{
    /// <summary>Packets relayed past the process since the start, both directions. Any thread may read it.</summary>
    long Packets { get; }

    /// <summary>Application bytes relayed past the process since the start, both directions. Any thread may read it.</summary>
    long Bytes { get; }

    /// <summary>An allocation has its place, with all its channels: it was made, restored from the journal, or has moved to another 5-tuple.</summary>
    void OnPlaced(Allocation allocation);

    /// <summary>A channel was bound or refreshed.</summary>
    void OnBound(Allocation allocation, ushort channel);

    /// <summary>An allocation ends, leaves its 5-tuple, or gives back its relayed address of one family. Its counters are final when the method returns.</summary>
    /// <param name="allocation">Its relayed sockets are still open.</param>
    /// <param name="family">The family, or <see cref="IPFamily.None"/> for all.</param>
    void OnClosing(Allocation allocation, IPFamily family);

    /// <summary>The rules of a tenant have changed: what is no longer allowed stops before the method returns.</summary>
    void Recheck();

    /// <summary>A tick has passed.</summary>
    void OnTick(long now);
}

/// <summary>Everything goes through the process.</summary>
internal sealed class NoFastPath : IFastPath
{
    public static NoFastPath Instance { get; } = new();

    public long Packets => 0;

    public long Bytes => 0;

    public void OnPlaced(Allocation allocation)
    {
    }

    public void OnBound(Allocation allocation, ushort channel)
    {
    }

    public void OnClosing(Allocation allocation, IPFamily family)
    {
    }

    public void Recheck()
    {
    }

    public void OnTick(long now)
    {
    }
}
