using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Allocations;

/// <summary>Leave to exchange data with one peer address, whatever the port (RFC 8656 §9).</summary>
/// <param name="peer">The peer's address; port 0.</param>
internal sealed class Permission(TransportAddress peer)
{
    /// <summary>The peer's address; port 0.</summary>
    public TransportAddress Peer => peer;

    /// <summary>What the peer policy said; <see cref="PeerVerdict.OwnAddress"/> means each packet's port is judged.</summary>
    public PeerVerdict Verdict { get; set; }

    /// <summary>The permission is gone from this tick on.</summary>
    public long ExpiresTick { get; set; }

    /// <summary>Its cell in the journal; −1 = none.</summary>
    public int Cell { get; set; } = -1;
}

/// <summary>A channel bound to a peer (RFC 8656 §12).</summary>
/// <param name="number">0x4000 to 0x4FFF.</param>
/// <param name="peer">The peer.</param>
/// <param name="permission">The permission of the peer's address.</param>
internal sealed class ChannelBinding(ushort number, TransportAddress peer, Permission permission)
{
    /// <summary>0x4000 to 0x4FFF.</summary>
    public ushort Number => number;

    /// <summary>The peer.</summary>
    public TransportAddress Peer => peer;

    /// <summary>The permission of the peer's address; the allocation keeps one object for each address.</summary>
    public Permission Permission { get; set; } = permission;

    /// <summary>The kernel's part, while it forwards the channel; its fast path keeps it.</summary>
    public KernelPath.KernelChannel? Kernel { get; set; }

    /// <summary>The binding carries data up to this tick; its number stays with the peer for another 5 minutes.</summary>
    public long ExpiresTick { get; set; }

    /// <inheritdoc cref="Permission.Cell"/>
    public int Cell { get; set; } = -1;
}
