namespace NetDiscovery.Relay.Listeners;

/// <summary>One worker's UDP sockets on the four addresses of <see cref="BehaviourAddresses"/>.</summary>
/// <param name="addresses">The four.</param>
internal sealed class BehaviourSockets(BehaviourAddresses addresses)
{
    private readonly UdpListener?[,] sockets = new UdpListener?[2, 2];

    /// <summary>The four addresses.</summary>
    public BehaviourAddresses Addresses => addresses;

    /// <summary>Takes a listener that was bound, when it is one of the four.</summary>
    public void Add(in TransportAddress local, UdpListener listener)
    {
        if (addresses.TryLocate(local, out var address, out var port))
        {
            sockets[address, port] = listener;
        }
    }

    /// <summary>The way out from one of the four.</summary>
    public ClientLeg From(int address, int port) => sockets[address, port]!;
}
