using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>One IP address that allocations get relayed transport addresses on.</summary>
/// <param name="local">What sockets are bound to; port 0.</param>
/// <param name="public">What clients and peers see; port 0. Differs behind a 1:1 NAT.</param>
/// <param name="ports">Its ports.</param>
/// <param name="time">The clock; null = the system's.</param>
internal sealed class RelayedAddress(TransportAddress local, TransportAddress @public, PortPool ports, TimeProvider? time = null)
{
    /// <summary>What sockets are bound to; port 0.</summary>
    public TransportAddress Local => local;

    /// <summary>What clients and peers see; port 0.</summary>
    public TransportAddress Public => @public;

    /// <summary>Which ports are taken.</summary>
    public PortPool Ports => ports;

    /// <summary>Those of them that are relayed over TCP; all others are relayed over UDP.</summary>
    public PortSet StreamPorts { get; } = new();

    /// <summary>Ports that other programs have for UDP.</summary>
    public OccupiedPorts OccupiedForDatagrams { get; } = new(time ?? TimeProvider.System);

    /// <summary>Ports that other programs have for TCP.</summary>
    public OccupiedPorts OccupiedForStreams { get; } = new(time ?? TimeProvider.System);
}

/// <summary>All IP addresses this relay relays from. A handful, so it is searched from front to back.</summary>
/// <param name="addresses">At least one.</param>
internal sealed class RelayedAddressSet(params RelayedAddress[] addresses)
{
    private readonly bool translated = addresses.Any(address => !address.Local.SameAddress(address.Public));

    /// <summary>All addresses, in configuration order.</summary>
    public ReadOnlySpan<RelayedAddress> Span => addresses;

    /// <summary>All addresses, in configuration order.</summary>
    public IReadOnlyList<RelayedAddress> All => addresses;

    /// <summary>Chooses the address for an allocation.</summary>
    /// <param name="family">The family asked for.</param>
    /// <param name="server">Where the client's request arrived: that very address is preferred.</param>
    /// <returns>Null when this relay has no address of <paramref name="family"/>.</returns>
    public RelayedAddress? Choose(IPFamily family, in TransportAddress server)
    {
        RelayedAddress? first = null;
        foreach (var address in addresses)
        {
            if (address.Local.Family != family)
            {
                continue;
            }

            if (address.Local.SameAddress(server))
            {
                return address;
            }

            first ??= address;
        }

        return first;
    }

    /// <returns>True when <paramref name="peer"/> is, at this moment, the relayed transport address of an allocation here.</returns>
    public bool IsRelayedNow(in TransportAddress peer)
    {
        foreach (var address in addresses)
        {
            if ((address.Public.SameAddress(peer) || address.Local.SameAddress(peer)) && address.Ports.IsTaken(peer.Port))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The same for one protocol: another program may have the port of the other.</summary>
    /// <param name="peer">An address and port.</param>
    /// <param name="stream">True for TCP, false for UDP.</param>
    public bool IsRelayedNow(in TransportAddress peer, bool stream)
    {
        foreach (var address in addresses)
        {
            if ((address.Public.SameAddress(peer) || address.Local.SameAddress(peer))
                && (stream ? address.StreamPorts.Contains(peer.Port) : address.Ports.IsTaken(peer.Port) && !address.StreamPorts.Contains(peer.Port)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Where a packet to <paramref name="peer"/> must go: a neighbour's public address is reached at its local one, without asking the NAT to send it back.</summary>
    public TransportAddress ToLocal(in TransportAddress peer)
    {
        if (translated)
        {
            foreach (var address in addresses)
            {
                if (address.Public.SameAddress(peer) && address.Ports.IsTaken(peer.Port))
                {
                    return address.Local.WithPort(peer.Port);
                }
            }
        }

        return peer;
    }

    /// <summary>The address a packet's sender is known by: a neighbour by its public one.</summary>
    public TransportAddress ToPublic(in TransportAddress peer)
    {
        if (translated)
        {
            foreach (var address in addresses)
            {
                if (address.Local.SameAddress(peer) && address.Ports.IsTaken(peer.Port))
                {
                    return address.Public.WithPort(peer.Port);
                }
            }
        }

        return peer;
    }
}
