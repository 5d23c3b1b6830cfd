using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Protocol.Registries;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>A client of the fuzzed relay, and what by the rules of RFC 8656 the relay must hold of it.</summary>
internal sealed class FuzzClient(Transport transport, string address, string server, int credential)
{
    private readonly byte[] lastRequest = new byte[2048];
    private readonly byte[] nonce = new byte[NonceIssuer.Size];
    private int lastRequestLength;
    private DateTimeOffset nonceIssuedAt;

    /// <summary>Its 5-tuple.</summary>
    public FiveTuple Tuple { get; } = new(TransportAddress.Parse(address), TransportAddress.Parse(server), transport);

    /// <summary>The way back to it.</summary>
    public FuzzLeg Leg { get; } = new(transport, TransportAddress.Parse(address));

    /// <summary>The credential it uses unless a step says otherwise.</summary>
    public int Credential => credential;

    /// <summary>The allocation it was told it has.</summary>
    public ModelAllocation? Allocation { get; set; }

    /// <summary>The last request it sent.</summary>
    public ReadOnlySpan<byte> LastRequest => lastRequest.AsSpan(0, lastRequestLength);

    /// <summary>Writes a good nonce, as a client keeps the one it was told.</summary>
    public void CopyNonce(NonceIssuer nonces, DateTimeOffset now, Span<byte> target)
    {
        if (now != nonceIssuedAt)
        {
            nonces.Write(Tuple.Client, now, SecurityFeatures.PasswordAlgorithms, nonce);
            nonceIssuedAt = now;
        }

        nonce.CopyTo(target);
    }

    /// <summary>Keeps a request for being sent again.</summary>
    public void Remember(ReadOnlySpan<byte> request)
    {
        lastRequestLength = Math.Min(request.Length, lastRequest.Length);
        request[..lastRequestLength].CopyTo(lastRequest);
    }
}

/// <summary>An allocation as the messages between client and relay say it is. Times are ticks of a tenth of a second.</summary>
internal sealed class ModelAllocation(FuzzCredential credential)
{
    /// <summary>Who opened it.</summary>
    public FuzzCredential Credential => credential;

    /// <summary>Relayed transport addresses; default = none of that family.</summary>
    public TransportAddress IPv4, IPv6;

    /// <summary>When it ends unless refreshed.</summary>
    public long Expires;

    /// <summary>Peer addresses (port 0) and when the permission ends.</summary>
    public Dictionary<TransportAddress, long> Permissions { get; } = [];

    /// <summary>Channels: peer, and when the binding ends.</summary>
    public Dictionary<ushort, (TransportAddress Peer, long Expires)> Channels { get; } = [];

    /// <summary>What crossed the relay, by the fuzzer's count.</summary>
    public long BytesToPeer, PacketsToPeer, BytesFromPeer, PacketsFromPeer, DataToClient, LastFromClient, LastToClient;

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
