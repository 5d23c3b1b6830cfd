
namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>What may be done with a peer address.</summary>
internal enum PeerVerdict : byte
{
    /// <summary>Refuse: 403.</summary>
    Denied,

    /// <summary>Any port will do.</summary>
    Allowed,

    /// <summary>The address is this relay's own: each packet's port decides (<see cref="PeerPolicy.IsOwnPortOpen"/>).</summary>
    OwnAddress,
}

/// <summary>
/// Which peers may be reached through this relay. Denied by default: all that is not plain global unicast.
/// Operator rules come first (a deny wins over an allow), then the default, then the tenant's and the credential's limits.
/// The relay's own addresses are a case of their own: currently relayed ports are open, so that two clients of one relay can
/// meet wherever it is installed; listener ports never are; other ports only where the operator allows the address. Immutable but for the port pools it reads.
/// </summary>
internal sealed class PeerPolicy
{
    private readonly AddressBlockSet allow;
    private readonly AddressBlockSet deny;
    private readonly RelayedAddressSet relayed;
    private readonly HashSet<TransportAddress> listeners;
    private readonly HashSet<TransportAddress> ownAddresses;
    private readonly HashSet<UInt128> ownNumbers;
    private readonly Nat64Prefix[] translators;

    /// <param name="allow">Operator's exceptions to the default.</param>
    /// <param name="deny">Operator's refusals.</param>
    /// <param name="relayed">Addresses relayed from.</param>
    /// <param name="listeners">Addresses and ports listened on, public ones included.</param>
    /// <param name="machine">Other addresses of this machine; their ports do not matter.</param>
    /// <param name="translators">Prefixes of the operator's NAT64, beside the well-known one.</param>
    public PeerPolicy(
        AddressBlockSet allow, AddressBlockSet deny, RelayedAddressSet relayed, IEnumerable<TransportAddress> listeners,
        IEnumerable<TransportAddress>? machine = null, IEnumerable<Nat64Prefix>? translators = null)
    {
        this.allow = allow;
        this.deny = deny;
        this.relayed = relayed;
        this.listeners = [.. listeners];
        ownAddresses =
        [
            .. this.listeners.Concat(machine ?? []).Select(listener => listener.WithPort(0)),
            .. relayed.All.SelectMany(address => new[] { address.Local, address.Public }),
        ];
        ownNumbers = [.. ownAddresses.Select(address => AddressBlock.ValueOf(address))];
        this.translators = [.. translators ?? []];
    }

    /// <summary>Judges a peer for CreatePermission, ChannelBind and, through them, every packet.</summary>
    /// <param name="peer">Address and port as the client named them.</param>
    /// <param name="limits">What tenant and credential allow beyond the relay's own rules.</param>
    public PeerVerdict Judge(in TransportAddress peer, PeerLimits limits)
    {
        // An IPv4-mapped peer never is on the wire what it says; whoever sends one tries to get around a rule.
        if (!peer.IsSet || peer.IsIPv4Mapped)
        {
            return PeerVerdict.Denied;
        }

        var address = AddressBlock.ValueOf(peer);
        if (!limits.Admit(address))
        {
            return PeerVerdict.Denied;
        }

        if (ownAddresses.Contains(peer.WithPort(0)))
        {
            return relayed.IsRelayedNow(peer) || IsOwnServiceOpen(peer) ? PeerVerdict.OwnAddress : PeerVerdict.Denied;
        }

        return IsOpen(address, limits) ? PeerVerdict.Allowed : PeerVerdict.Denied;
    }

    /// <summary>Judges again the address of a permission that was given before. Ports of an own address are judged packet by packet.</summary>
    /// <param name="peer">The permission's address; port 0.</param>
    /// <param name="limits">What tenant and credential allow now.</param>
    public PeerVerdict JudgeAddress(in TransportAddress peer, PeerLimits limits) => ownAddresses.Contains(peer)
        ? (limits.Admit(AddressBlock.ValueOf(peer)) ? PeerVerdict.OwnAddress : PeerVerdict.Denied)
        : Judge(peer, limits);

    /// <summary>Judges the peer of a TCP connection (RFC 6062).</summary>
    /// <param name="peer">Address and port.</param>
    /// <param name="limits">What tenant and credential allow beyond the relay's own rules.</param>
    public PeerVerdict JudgeStream(in TransportAddress peer, PeerLimits limits)
    {
        var verdict = Judge(peer, limits);
        return IsStreamOpen(verdict, peer) ? verdict : PeerVerdict.Denied;
    }

    /// <summary>Judges one packet to or from this relay's own address. No allocation, no lock.</summary>
    public bool IsOwnPortOpen(in TransportAddress peer) => relayed.IsRelayedNow(peer, stream: false) || IsOwnServiceOpen(peer);

    /// <summary>Judges one TCP connection to or from a peer whose address was judged before.</summary>
    public bool IsStreamOpen(PeerVerdict verdict, in TransportAddress peer) =>
        verdict == PeerVerdict.Allowed || (verdict == PeerVerdict.OwnAddress && (relayed.IsRelayedNow(peer, stream: true) || IsOwnServiceOpen(peer)));

    private bool IsOwnServiceOpen(in TransportAddress peer)
    {
        // Other services of this machine see such packets come from within, past its firewall: only the operator's own word opens them.
        var address = AddressBlock.ValueOf(peer);
        return !listeners.Contains(peer) && allow.Contains(address) && !deny.Contains(address);
    }

    private bool IsOpen(UInt128 address, PeerLimits limits)
    {
        if (!IsOpenItself(address))
        {
            return false;
        }

        Span<UInt128> embedded = stackalloc UInt128[2];
        foreach (var hidden in embedded[..SpecialAddresses.FindEmbedded(address, embedded)])
        {
            if (!IsOpenInside(hidden, limits))
            {
                return false;
            }
        }

        foreach (var translator in translators)
        {
            if (translator.TryFind(address, out var hidden) && !IsOpenInside(hidden, limits))
            {
                return false;
            }
        }

        return true;
    }

    // Where a packet ends after a translator: not at this machine either, nor where the tenant closed the way.
    private bool IsOpenInside(UInt128 hidden, PeerLimits limits) => IsOpenItself(hidden) && !ownNumbers.Contains(hidden) && !limits.TenantDeny.Contains(hidden);

    private bool IsOpenItself(UInt128 address) => !deny.Contains(address) && (allow.Contains(address) || !SpecialAddresses.IsDenied(address));
}

/// <summary>Peer rules of a tenant and a credential. They only narrow: what the relay's operator closed stays closed.</summary>
/// <param name="TenantAllow">When not empty, only these.</param>
/// <param name="TenantDeny">Never these.</param>
/// <param name="CredentialAllow">When not empty, only these.</param>
internal sealed record PeerLimits(AddressBlockSet TenantAllow, AddressBlockSet TenantDeny, AddressBlockSet CredentialAllow)
{
    /// <summary>No limits.</summary>
    public static PeerLimits None { get; } = new(AddressBlockSet.Empty, AddressBlockSet.Empty, AddressBlockSet.Empty);

    /// <returns>True when <paramref name="address"/> passes all three.</returns>
    public bool Admit(UInt128 address) =>
        !TenantDeny.Contains(address)
        && (TenantAllow.IsEmpty || TenantAllow.Contains(address))
        && (CredentialAllow.IsEmpty || CredentialAllow.Contains(address));
}
