using System.Net.Sockets;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>Opens relayed transport addresses for one worker: takes a port from the pool, binds it, tries another when some other program sits on it.</summary>
/// <param name="path">The worker's sockets.</param>
/// <param name="sink">Takes peer data.</param>
/// <param name="bufferBytes">Kernel buffer of each relayed socket.</param>
internal sealed class RelayedSocketOpener(IDatagramPath path, IPeerDataSink sink, int bufferBytes)
{
    private const int MaxTries = 32;

    /// <summary>Opens a random port.</summary>
    /// <param name="address">The IP address.</param>
    /// <param name="parity">What EVEN-PORT asks for.</param>
    /// <param name="reserved">The reserved next port for <see cref="PortParity.EvenWithNext"/>; the caller owns it.</param>
    /// <returns>Null when no port is to be had: 508.</returns>
    public RelayedSocket? TryOpen(RelayedAddress address, PortParity parity, out ushort reserved)
    {
        Span<ushort> occupied = stackalloc ushort[MaxTries * 2];
        var count = 0;
        RelayedSocket? opened = null;
        reserved = 0;
        for (var i = 0; i < MaxTries && opened is null && address.Ports.TryTake(parity, out var port); i++)
        {
            var relayed = new RelayedSocket(address, port, sink);
            if (relayed.TryBind(path, bufferBytes, out var error))
            {
                opened = relayed;
                reserved = parity == PortParity.EvenWithNext ? (ushort)(port + 1) : (ushort)0;
                break;
            }

            // Held until the end, so that the next try finds another.
            occupied[count++] = port;
            if (parity == PortParity.EvenWithNext)
            {
                occupied[count++] = (ushort)(port + 1);
            }

            if (error != SocketError.AddressAlreadyInUse)
            {
                break;
            }
        }

        foreach (var port in occupied[..count])
        {
            address.Ports.Release(port);
        }

        return opened;
    }

    /// <summary>Opens a port that was reserved; the pool has it as taken already.</summary>
    /// <returns>Null when the system refused; the port is given back.</returns>
    public RelayedSocket? TryOpenReserved(RelayedAddress address, ushort port)
    {
        var relayed = new RelayedSocket(address, port, sink);
        if (relayed.TryBind(path, bufferBytes, out _))
        {
            return relayed;
        }

        relayed.Dispose();
        return null;
    }
}
