using System.Diagnostics;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Protocol.Turn;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Handlers;

/// <summary>
/// Relayed data: Send indications and ChannelData to peers, peer data back to clients (RFC 8656 §11, §12). The hot path: look up, check,
/// send, count. Nothing is allocated, and what is dropped is not counted as usage.
/// </summary>
/// <param name="worker">The worker.</param>
internal sealed class MediaHandler(Worker worker) : IPeerDataSink
{
    private readonly RelayedAddressSet relayedAddresses = worker.Services.Relayed;
    private readonly ushort maxChannel = worker.Services.Options.MaxChannel;
    private readonly PeerPolicy policy = worker.Services.Peers;
    private readonly RelayMetrics metrics = worker.Services.Metrics;

    /// <summary>Packets relayed since the start, both directions. Any thread may read it.</summary>
    public long Packets { get; private set; }

    /// <summary>Application bytes relayed since the start, both directions. Any thread may read it.</summary>
    public long Bytes { get; private set; }

    /// <summary>Counts bytes of a peer's TCP connection, which have no packets.</summary>
    public void CountStream(int bytes) => Bytes += bytes;

    /// <summary>ChannelData from a client (RFC 8656 §12.6).</summary>
    /// <param name="frame">Datagram, or frame of a stream with its padding.</param>
    /// <param name="tuple">Between whom.</param>
    public void OnChannelData(ReadOnlySpan<byte> frame, in FiveTuple tuple)
    {
        if (!ChannelData.TryRead(frame, out var message, maxChannel))
        {
            metrics.Dropped(DropReason.Malformed);
        }
        else if (!worker.Table.TryUse(tuple, out var allocation))
        {
            metrics.Dropped(DropReason.NoAllocation);
        }
        else if (allocation.Peers.FindChannel(message.Channel, worker.Wheel.Now) is not { } channel)
        {
            metrics.Dropped(DropReason.NoChannel);
        }
        else
        {
            ToPeer(allocation, channel.Permission, channel.Peer, message.Data, frame.Length, dontFragment: false);
        }
    }

    /// <summary>Send indication from a client (RFC 8656 §11.2).</summary>
    public void OnSend(in StunMessage indication, in FiveTuple tuple)
    {
        if (!worker.Table.TryUse(tuple, out var allocation))
        {
            metrics.Dropped(DropReason.NoAllocation);
            return;
        }

        if (indication.FindXorAddress(AttributeType.XorPeerAddress, out var peer) != AttributeStatus.Ok
            || !indication.TryFind(AttributeType.Data, out var data)
            || indication.Find(out DontFragment _) is var dontFragment && dontFragment == AttributeStatus.Malformed)
        {
            metrics.Dropped(DropReason.Malformed);
            return;
        }

        if (dontFragment == AttributeStatus.Ok && !allocation.Slot.ToldOfIcmp && worker.Services.Options.IcmpIndications != "never")
        {
            allocation.TellOfIcmp();
        }

        ToPeer(allocation, allocation.Peers.FindPermission(peer, worker.Wheel.Now), peer, data, indication.Bytes.Length, dontFragment == AttributeStatus.Ok);
    }

    /// <inheritdoc/>
    public void OnPeerData(RelayedSocket relayed, Span<byte> buffer, int length, in TransportAddress from)
    {
        if (relayed.Allocation is not { Closed: false } allocation)
        {
            return;
        }

        var now = worker.Wheel.Now;
        var peer = relayedAddresses.ToPublic(from);
        var channel = allocation.Peers.FindChannel(peer, now);
        var permission = channel?.Permission ?? allocation.Peers.FindPermission(peer, now);
        if (permission is null || !IsOpen(permission, peer, now))
        {
            metrics.Dropped(DropReason.NoPermission);
            return;
        }

        if (allocation.Limits is { } limits && !limits.TryPass(length, toPeer: false, Stopwatch.GetTimestamp()))
        {
            return;
        }

        var message = channel is not null
            ? FrameChannelData(buffer, length, channel.Number, allocation.Leg.IsStream)
            : FrameDataIndication(buffer.Slice(DatagramBuffers.Headroom, length), peer);
        worker.Meter.Begin(allocation.Slot, Counted.ToClient, length, message.Length);
        var sent = !message.IsEmpty && allocation.Leg.Send(message, allocation.FiveTuple.Client, droppable: true);
        worker.Meter.End(sent);
        if (sent)
        {
            Packets++;
            Bytes += length;
        }
        else
        {
            metrics.Dropped(allocation.Leg.IsStream ? DropReason.SlowClient : DropReason.SendFailed);
        }
    }

    /// <inheritdoc/>
    public void OnUnsentToPeer(RelayedSocket relayed, int length, bool counted)
    {
        if (counted)
        {
            ref var counters = ref relayed.Allocation!.Counters;
            counters.BytesToPeer -= length;
            counters.PacketsToPeer--;
        }

        OnUnsentData(length);
    }

    /// <inheritdoc/>
    public void OnIcmp(RelayedSocket relayed, in TransportAddress to, Icmp error)
    {
        if (relayed.Allocation is not { Closed: false } allocation)
        {
            return;
        }

        var peer = relayedAddresses.ToPublic(to);
        var message = IcmpHandler.Write(worker, allocation, allocation.Peers.FindPermission(peer, worker.Wheel.Now), peer, error);
        if (!message.IsEmpty)
        {
            worker.Meter.Begin(allocation.Slot, Counted.Response, 0, message.Length);
            worker.Meter.End(allocation.Leg.Send(message, allocation.FiveTuple.Client, droppable: true));
        }
    }

    /// <summary>Takes back what was counted for a message to a client over UDP: the system did not take it.</summary>
    /// <param name="message">ChannelData, Data indication or response.</param>
    /// <param name="tuple">Between whom.</param>
    /// <param name="counted">True when it was counted as sent.</param>
    public void OnUnsentToClient(ReadOnlySpan<byte> message, in FiveTuple tuple, bool counted)
    {
        int? data = null;
        if (ChannelData.TryRead(message, out var channelData, maxChannel))
        {
            data = channelData.Data.Length;
        }
        else if (StunMessage.TryRead(message, out var stun) == StunReadStatus.Ok)
        {
            if (stun.Class == StunClass.Indication)
            {
                data = stun.TryFind(AttributeType.Data, out var indicated) ? indicated.Length : null;
            }
            else if (!(stun.HasMessageIntegrity || stun.HasMessageIntegritySha256))
            {
                // Only responses to authenticated requests are anybody's usage.
                return;
            }
        }

        if (worker.Foreign.TryReportUnsent(message, tuple))
        {
            return;
        }

        if (counted && worker.Table.TryGet(tuple, out var allocation))
        {
            ref var counters = ref allocation.Counters;
            counters.BytesToClient -= message.Length;
            counters.PacketsToClient--;
        }

        if (data is { } length)
        {
            OnUnsentData(length);
        }
    }

    private void OnUnsentData(int length)
    {
        Packets--;
        Bytes -= length;
        metrics.Dropped(DropReason.SendFailed);
    }

    private void ToPeer(Allocation allocation, Permission? permission, in TransportAddress peer, ReadOnlySpan<byte> data, int received, bool dontFragment)
    {
        if (permission is null || !IsOpen(permission, peer, worker.Wheel.Now) || allocation.Relayed(peer.Family) is not { } relayed)
        {
            metrics.Dropped(DropReason.NoPermission);
            return;
        }

        if (allocation.Limits is { } limits && !limits.TryPass(data.Length, toPeer: true, Stopwatch.GetTimestamp()))
        {
            return;
        }

        worker.Meter.Begin(allocation.Slot, Counted.ToPeer, received, data.Length);
        var sent = relayed.Send(data, relayedAddresses.ToLocal(peer), dontFragment);
        worker.Meter.End(sent);
        if (sent)
        {
            Packets++;
            Bytes += data.Length;
        }
        else
        {
            metrics.Dropped(DropReason.SendFailed);
        }
    }

    private bool IsOpen(Permission permission, in TransportAddress peer, long now) =>
        permission.ExpiresTick > now
        && (permission.Verdict == PeerVerdict.Allowed || (permission.Verdict == PeerVerdict.OwnAddress && policy.IsOwnPortOpen(peer)));

    private static ReadOnlySpan<byte> FrameChannelData(Span<byte> buffer, int length, ushort number, bool stream)
    {
        // The header goes in front of the datagram, padding behind it: nothing is copied.
        var size = ChannelData.WireSize(length, stream);
        var message = buffer.Slice(DatagramBuffers.Headroom - ChannelData.HeaderSize, size);
        ChannelData.WriteHeader(message, number, length);
        message[(ChannelData.HeaderSize + length)..].Clear();
        return message;
    }

    private ReadOnlySpan<byte> FrameDataIndication(ReadOnlySpan<byte> data, in TransportAddress peer)
    {
        var writer = new StunWriter(worker.Response, StunMethod.Data, StunClass.Indication, worker.NextTransaction());
        writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
        writer.Add(AttributeType.Data, data);
        return worker.Response.AsSpan(0, writer.Finish());
    }
}
