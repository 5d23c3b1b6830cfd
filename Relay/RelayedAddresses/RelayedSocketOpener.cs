using System.Net.Sockets;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>Opens relayed transport addresses for one worker: takes a port from the pool, binds it, tries another when some other program sits on it.</summary>
/// <param name="path">The worker's sockets.</param>
/// <param name="sink">Takes peer data.</param>
/// <param name="bufferBytes">Kernel buffer of each relayed socket.</param>
internal sealed class RelayedSocketOpener(IDatagramPath path, IPeerDataSink sink, int bufferBytes)
{
    /// <summary>Opens a random port. One that is free is found: at most each port of the range is tried, those last that other programs had lately.</summary>
    /// <param name="address">The IP address.</param>
    /// <param name="parity">What EVEN-PORT asks for.</param>
    /// <param name="reserved">The reserved next port for <see cref="PortParity.EvenWithNext"/>; the caller owns it.</param>
    /// <returns>Null when no port is to be had: 508 (RFC 8656 §7.2).</returns>
    public RelayedSocket? TryOpen(RelayedAddress address, PortParity parity, out ushort reserved)
    {
        reserved = 0;
        var occupied = address.OccupiedForDatagrams;
        for (var again = false; ; again = true)
        {
            while (address.Ports.TryTake(parity, out var port, occupied.Ports))
            {
                var next = parity == PortParity.EvenWithNext ? (ushort)(port + 1) : (ushort)0;
                var relayed = new RelayedSocket(address, port, sink);
                if (relayed.TryBind(path, bufferBytes, out var error))
                {
                    reserved = next;
                    return relayed;
                }

                if (error == SocketError.AddressAlreadyInUse)
                {
                    occupied.Add(port);
                }

                relayed.Dispose();
                if (next != 0)
                {
                    address.Ports.Release(next);
                }

                if (error != SocketError.AddressAlreadyInUse)
                {
                    return null;
                }
            }

            if (again || !occupied.TryForget())
            {
                return null;
            }
        }
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
