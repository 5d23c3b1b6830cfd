using NetDiscovery.Fuzz.Engine;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Fuzz.Handlers;

/// <summary>Judges data: not a byte to or from a peer without permission, nothing lost that has one, everything counted once.</summary>
/// <param name="world">Everything.</param>
internal sealed class PeerJudge(FuzzWorld world)
{
    private const int MaxQueued = 8;
    private readonly List<(TransportAddress From, TransportAddress To, byte[] Data)> queued = [];
    private readonly byte[] buffer = new byte[DatagramBuffers.Headroom + DatagramBuffers.MaxDatagram + DatagramBuffers.Tailroom];
    private readonly byte[] data = new byte[256];
    private long packets;

    /// <summary>A relayed socket has sent something.</summary>
    public void OnSent(in TransportAddress from, in TransportAddress to, ReadOnlySpan<byte> datagram)
    {
        if (world.Behaviour.TryLocate(from, out _, out _))
        {
            world.Asking!.Leg.OnElsewhere(from, to, datagram);
            return;
        }

        var now = world.Clock.Tick;
        var allocation = OwnerOf(from);
        FuzzFailure.Unless(allocation is not null && IsAlive(allocation), "only a live allocation sends");
        FuzzFailure.Unless(allocation!.Permits(to, now) || (to.SameAddress(Peers.OwnLocal) && allocation.Permits(Peers.OwnPublic, now)), "nothing is sent to a peer without permission");
        if (IsOwn(to))
        {
            FuzzFailure.Unless(to.Port is >= FuzzWorld.MinPort and <= FuzzWorld.MaxPort && world.IsTaken(to), "of the relay's own ports only relayed ones are peers");
            if (queued.Count < MaxQueued)
            {
                queued.Add((from, to, datagram.ToArray()));
            }
        }
        else
        {
            FuzzFailure.Unless(!Peers.IsClosed(to), "nothing is sent to an address that is closed");
        }

        allocation.BytesToPeer += datagram.Length;
        allocation.PacketsToPeer++;
        packets++;
    }

    /// <summary>Delivers what allocations sent to each other.</summary>
    public void Flush()
    {
        foreach (var (from, to, bytes) in queued)
        {
            Deliver(OwnerOf(to), from, to, bytes);
        }

        queued.Clear();
    }

    /// <summary>A peer sends to a client's relayed address.</summary>
    public void FromPeer(FuzzClient client, in TransportAddress peer, byte size, byte content)
    {
        var relayed = peer.Family == IPFamily.IPv4 ? client.Allocation?.IPv4 : client.Allocation?.IPv6;
        if (relayed is not { IsSet: true } to || IsOwn(peer) || peer.IsIPv4Mapped)
        {
            return;
        }

        var payload = data.AsSpan(0, size);
        payload.Fill(content);
        Deliver(client.Allocation, peer, Local(to), payload);
    }

    /// <summary>A tenant has changed: what its clients lose.</summary>
    public void OnChanged(Account account)
    {
        foreach (var allocation in world.Model.All.ToArray())
        {
            if (allocation.Credential.Account != account)
            {
                continue;
            }

            var claims = allocation.Credential.Claims;
            var revoked = (account.Variant & 16) != 0 && (claims.Token == world.Credentials[0].Claims.Token || claims.Token == world.Credentials[1].Claims.Token);
            if ((account.Variant & 1) != 0 || revoked || ((account.Variant & 32) != 0 && claims.Label == "label") || ((account.Variant & 4) != 0 && allocation.Place.Tuple.Transport != Transport.Udp))
            {
                world.Model.End(allocation);
            }
            else if ((account.Variant & 2) != 0)
            {
                allocation.Permissions.Remove(Peers.All[0].WithPort(0));
            }
        }
    }

    /// <summary>Compares every allocation, and its counters, with what the relay holds.</summary>
    public void CheckAll()
    {
        for (var i = world.Model.All.Count - 1; i >= 0; i--)
        {
            if (!IsAlive(world.Model.All[i]))
            {
                world.Model.End(world.Model.All[i]);
            }
        }

        foreach (var client in world.Clients)
        {
            var exists = world.Worker.Table.TryGet(client.Tuple, out var allocation);
            FuzzFailure.Unless(exists == client.Allocation is not null, exists ? "an allocation ends when its client was told it would" : "an allocation lives as long as its client was told");
            if (client.Allocation is not { } known)
            {
                continue;
            }

            ref var counters = ref allocation!.Counters;
            FuzzFailure.Unless(counters.BytesToPeer == known.BytesToPeer && counters.PacketsToPeer == known.PacketsToPeer, "bytes to peers are counted as they were sent");
            FuzzFailure.Unless(counters.BytesFromPeer == known.BytesFromPeer && counters.PacketsFromPeer == known.PacketsFromPeer, "bytes from peers are counted as they came");
            FuzzFailure.Unless(counters.BytesFromClient >= known.LastFromClient && counters.BytesToClient >= known.LastToClient, "counters never fall");
            FuzzFailure.Unless(counters.BytesToClient >= known.DataToClient, "what reaches the client is counted");
            known.LastFromClient = counters.BytesFromClient;
            known.LastToClient = counters.BytesToClient;
        }

        FuzzFailure.Unless(world.Worker.Table.Count == world.Model.All.Count, "an allocation whose client is away ends when it was told, too");
        FuzzFailure.Unless(world.Worker.Media.Packets == packets, "relayed packets are counted once");
    }

    /// <summary>Begins anew.</summary>
    public void Forget() => queued.Clear();

    private void Deliver(ModelAllocation? allocation, in TransportAddress from, in TransportAddress to, ReadOnlySpan<byte> payload)
    {
        foreach (var other in world.Clients)
        {
            other.Leg.Clear();
        }

        var reached = world.Sockets.Deliver(from, to, payload, buffer);
        FuzzFailure.Unless(reached == (allocation is not null), "a relayed address has a socket as long as it has an allocation");
        if (allocation is null)
        {
            return;
        }

        var now = world.Clock.Tick;
        var peer = from.SameAddress(Peers.OwnLocal) ? Peers.OwnPublic.WithPort(from.Port) : from;
        var permitted = allocation.Permits(peer, now) && (!IsOwn(from) || world.IsTaken(from));
        var client = allocation.Away ? null : allocation.Place;
        foreach (var other in world.Clients)
        {
            FuzzFailure.Unless(other.Leg.Count == (other == client && permitted ? 1 : 0), permitted ? "data of a peer with permission reaches its client, and no other" : "nothing of a peer without permission reaches a client");
        }

        if (!permitted)
        {
            return;
        }

        allocation.BytesFromPeer += payload.Length;
        allocation.PacketsFromPeer++;
        if (client is null)
        {
            return;
        }

        CheckForm(client, allocation, peer, payload, now);
        if (client.Leg.Taken)
        {
            packets++;
            allocation.DataToClient += client.Leg.Last.Length;
        }
    }

    private static void CheckForm(FuzzClient client, ModelAllocation allocation, in TransportAddress peer, ReadOnlySpan<byte> payload, long now)
    {
        FuzzFailure.Unless(client.Leg.To == client.Tuple.Client, "data goes to its client");
        var message = client.Leg.Last;
        if (allocation.TryFindChannel(peer, now, out var number))
        {
            FuzzFailure.Unless(
                ChannelData.TryRead(message, out var framed, TurnDefaults.MaxRfc5766Channel) && framed.Channel == number && framed.Data.SequenceEqual(payload)
                && message.Length == ChannelData.WireSize(payload.Length, client.Leg.IsStream),
                "data of a peer with a channel comes as ChannelData");
            return;
        }

        FuzzFailure.Unless(
            StunMessage.TryRead(message, out var indication) == StunReadStatus.Ok && indication.Method == StunMethod.Data && indication.Class == StunClass.Indication
            && indication.FindXorAddress(AttributeType.XorPeerAddress, out var named) == AttributeStatus.Ok && named == peer
            && indication.TryFind(AttributeType.Data, out var value) && value.SequenceEqual(payload),
            "data of a peer without a channel comes as a Data indication");
    }

    private bool IsAlive(ModelAllocation allocation)
    {
        var end = allocation.Credential.Claims.ExpiresAt;
        return world.Clock.Tick < allocation.Expires && world.Clock.GetUtcNow() < end;
    }

    private ModelAllocation? OwnerOf(TransportAddress local)
    {
        foreach (var allocation in world.Model.All)
        {
            if (Local(allocation.IPv4) == local || Local(allocation.IPv6) == local)
            {
                return allocation;
            }
        }

        return null;
    }

    private static bool IsOwn(in TransportAddress address) => address.SameAddress(Peers.OwnLocal) || address.SameAddress(Peers.OwnPublic) || address.SameAddress(Peers.OwnIPv6);

    private static TransportAddress Local(in TransportAddress relayed) => relayed.IsSet && relayed.Family == IPFamily.IPv4 ? Peers.OwnLocal.WithPort(relayed.Port) : relayed;
}
