using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>An allocation as the messages between client and relay say it is. Times are ticks of a tenth of a second.</summary>
/// <param name="credential">Who opened it.</param>
/// <param name="place">From where.</param>
internal sealed class ModelAllocation(FuzzCredential credential, FuzzClient place)
{
    /// <summary>Relayed transport addresses; default = none of that family.</summary>
    public TransportAddress IPv4, IPv6;

    /// <summary>When it ends unless refreshed.</summary>
    public long Expires;

    /// <summary>What crossed the relay, by the fuzzer's count.</summary>
    public long BytesToPeer, PacketsToPeer, BytesFromPeer, PacketsFromPeer, DataToClient, LastFromClient, LastToClient;

    /// <summary>Who opened it.</summary>
    public FuzzCredential Credential => credential;

    /// <summary>Where data for its client goes.</summary>
    public FuzzClient Place { get; set; } = place;

    /// <summary>Where its client has arrived (RFC 8016 §3.2) and sent nothing from yet.</summary>
    public FuzzClient? Arrived { get; set; }

    /// <summary>The connection it was reached by has ended, and it waits for its client.</summary>
    public bool Away { get; set; }

    /// <summary>Its client was given a ticket.</summary>
    public bool Mobile => Tickets.Count > 0;

    /// <summary>Its tickets.</summary>
    public List<byte[]> Tickets { get; } = [];

    /// <summary>The last Refresh with a ticket: sent again, it has no other effect.</summary>
    public TransactionId LastMove { get; set; }

    /// <summary>The Allocate it was made by.</summary>
    public TransactionId AllocateTransaction { get; init; }

    /// <summary>The response to it.</summary>
    public byte[] AllocateResponse { get; init; } = [];

    /// <summary>Peer addresses (port 0) and when the permission ends.</summary>
    public Dictionary<TransportAddress, long> Permissions { get; } = [];

    /// <summary>Channels: peer, and when the binding ends.</summary>
    public Dictionary<ushort, (TransportAddress Peer, long Expires)> Channels { get; } = [];

    /// <summary>The permission of a peer is alive.</summary>
    public bool Permits(in TransportAddress peer, long now) => Permissions.TryGetValue(peer.WithPort(0), out var expires) && expires > now;

    /// <summary>The channel of a peer is alive.</summary>
    public bool TryFindChannel(in TransportAddress peer, long now, out ushort number)
    {
        foreach (var (key, (bound, expires)) in Channels)
        {
            if (bound == peer && expires > now)
            {
                number = key;
                return true;
            }
        }

        number = 0;
        return false;
    }
}
