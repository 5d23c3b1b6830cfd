using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Handlers;

/// <summary>What was opened for an Allocate: one relayed transport address, or two, or why none.</summary>
internal readonly struct RelayedPair
{
    /// <summary>The IPv4 one.</summary>
    public RelayedSocket? IPv4 { get; private init; }

    /// <summary>The IPv6 one.</summary>
    public RelayedSocket? IPv6 { get; private init; }

    /// <summary>The one of a TCP allocation (RFC 6062), in place of the others.</summary>
    public RelayedListener? Stream { get; private init; }

    /// <summary>Where <see cref="ReservedPort"/> is.</summary>
    public RelayedAddress? ReservedOn { get; private init; }

    /// <summary>The next port, kept for another allocation; 0 = none.</summary>
    public ushort ReservedPort { get; private init; }

    /// <summary>The one of two families that could not be had.</summary>
    public IPFamily MissingFamily { get; private init; }

    /// <summary>Why.</summary>
    public StunErrorCode MissingCode { get; private init; }

    /// <summary>Why nothing was opened; 0 when something was.</summary>
    public StunErrorCode Error { get; private init; }

    /// <summary>Opens what was asked for.</summary>
    public static RelayedPair Open(Worker worker, AddressRequest asked, in TransportAddress server, TenantId tenant)
    {
        if (asked.Token is { } token)
        {
            return OpenReserved(worker, token, tenant);
        }

        var (first, reserved, firstCode) = OpenOne(worker, asked.Family, asked.Parity, server);
        if (!asked.WithIPv6)
        {
            return new RelayedPair
            {
                IPv4 = asked.Family == IPFamily.IPv4 ? first : null,
                IPv6 = asked.Family == IPFamily.IPv6 ? first : null,
                ReservedOn = first?.Address,
                ReservedPort = reserved,
                Error = firstCode,
            };
        }

        var (second, _, secondCode) = OpenOne(worker, IPFamily.IPv6, asked.Parity, server);
        return new RelayedPair
        {
            IPv4 = first,
            IPv6 = second,
            MissingFamily = first is null ? IPFamily.IPv4 : second is null ? IPFamily.IPv6 : IPFamily.None,
            MissingCode = first is null ? firstCode : secondCode,
            Error = first is null && second is null ? firstCode : 0,
        };
    }

    /// <summary>Opens one address for TCP. Of two families asked for, a TCP allocation gets the first.</summary>
    public static RelayedPair OpenStream(Worker worker, AddressRequest asked, in TransportAddress server)
    {
        if (worker.Services.Relayed.Choose(asked.Family, server) is not { } address)
        {
            return new RelayedPair { Error = StunErrorCode.AddressFamilyNotSupported };
        }

        if (RelayedListener.TryOpen(address) is not { } listener)
        {
            return new RelayedPair { Error = StunErrorCode.InsufficientCapacity };
        }

        return new RelayedPair
        {
            Stream = listener,
            MissingFamily = asked.WithIPv6 ? IPFamily.IPv6 : IPFamily.None,
            MissingCode = StunErrorCode.AddressFamilyNotSupported,
        };
    }

    /// <summary>Gives everything back.</summary>
    public void Release()
    {
        IPv4?.Dispose();
        IPv6?.Dispose();
        Stream?.Dispose();
        if (ReservedPort != 0)
        {
            ReservedOn!.Ports.Release(ReservedPort);
        }
    }

    private static RelayedPair OpenReserved(Worker worker, ulong token, TenantId tenant)
    {
        if (!worker.Services.Reservations.TryTake(token, tenant, out var address, out var port) || worker.Opener.TryOpenReserved(address, port) is not { } opened)
        {
            return new RelayedPair { Error = StunErrorCode.InsufficientCapacity };
        }

        return address.Local.Family == IPFamily.IPv4 ? new RelayedPair { IPv4 = opened } : new RelayedPair { IPv6 = opened };
    }

    private static (RelayedSocket? Opened, ushort Reserved, StunErrorCode Code) OpenOne(Worker worker, IPFamily family, PortParity parity, in TransportAddress server)
    {
        if (worker.Services.Relayed.Choose(family, server) is not { } address)
        {
            return (null, 0, StunErrorCode.AddressFamilyNotSupported);
        }

        return worker.Opener.TryOpen(address, parity, out var reserved) is { } opened ? (opened, reserved, 0) : (null, 0, StunErrorCode.InsufficientCapacity);
    }
}
