using System.Collections.Concurrent;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.Client;

/// <summary>Which channel stands for which peer.</summary>
internal sealed class PeerChannels
{
    private readonly ConcurrentDictionary<TransportAddress, ushort> _channels = new();
    private readonly ConcurrentDictionary<ushort, TransportAddress> _peers = new();
    private int _last = TurnDefaults.MinChannel - 1;

    public ushort Choose(in TransportAddress peer)
    {
        if (_channels.TryGetValue(peer, out ushort channel)) return channel;
        while (true)
        {
            int next = Interlocked.Increment(ref _last);
            if (next > TurnDefaults.MaxChannel) throw new InvalidOperationException("All channels are bound.");
            if (!_peers.ContainsKey((ushort)next)) return (ushort)next;
        }
    }

    /// <summary>Data on the channel may come before the response does, so it is known from the request on.</summary>
    public void Expect(ushort channel, in TransportAddress peer) => _peers[channel] = peer;

    public void Bound(ushort channel, in TransportAddress peer)
    {
        _peers[channel] = peer;
        _channels[peer] = channel;
    }

    public void Unbound(ushort channel, in TransportAddress peer)
    {
        _channels.TryRemove(peer, out _);
        _peers.TryRemove(channel, out _);
    }

    public bool TryChannel(in TransportAddress peer, out ushort channel) => _channels.TryGetValue(peer, out channel);

    public bool TryPeer(ushort channel, out TransportAddress peer) => _peers.TryGetValue(channel, out peer);
}
