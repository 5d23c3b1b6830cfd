using System.Runtime.InteropServices;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Kernel.Forwarding;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.KernelPath;

/// <summary>
/// One worker's share of the kernel's forwarding. The relay decides which channels the kernel may forward and until when; the kernel only ever
/// does less than it is told. What it counted gets into the journal twice a second, and before an allocation's end is recorded.
/// </summary>
/// <param name="forwarder">Shared by all workers.</param>
/// <param name="wheel">The worker's time.</param>
internal sealed class KernelFastPath(Forwarder forwarder, TimingWheel wheel) : IFastPath
{
    // Each channel is looked at on every fifth tick.
    private const int Turns = 5;
    private const ulong TickNanoseconds = TimingWheel.TickMilliseconds * 1_000_000UL;

    private readonly List<KernelChannel> channels = [];
    private long packets;
    private long bytes;

    public long Packets => Volatile.Read(ref packets);

    public long Bytes => Volatile.Read(ref bytes);

    public void OnPlaced(Allocation allocation)
    {
        foreach (var binding in allocation.Peers.Channels)
        {
            Open(allocation, binding);
        }
    }

    public void OnBound(Allocation allocation, ushort channel)
    {
        if (allocation.Peers.FindChannel(channel, wheel.Now) is { } binding)
        {
            Open(allocation, binding);
        }
    }

    public void OnClosing(Allocation allocation, IPFamily family)
    {
        foreach (var binding in allocation.Peers.Channels)
        {
            if (binding.Kernel is { } channel && (family == IPFamily.None || family == binding.Peer.Family))
            {
                Close(channel);
            }
        }
    }

    public void Recheck() => LookAtAll(wheel.Now, turn: -1);

    public void OnTick(long now) => LookAtAll(now, turn: (int)(now % Turns));

    private void Open(Allocation allocation, ChannelBinding binding)
    {
        if (binding.Kernel is { } known)
        {
            Look(known, wheel.Now);
            return;
        }

        if (!IsOpen(binding, wheel.Now) || !MayPass(allocation) || allocation.Relayed(binding.Peer.Family) is not { } relayed)
        {
            return;
        }

        var addresses = new FlowAddresses(
            allocation.FiveTuple.Client, allocation.FiveTuple.Server, relayed.Address.Local.WithPort(relayed.Public.Port), binding.Peer, binding.Number);
        var expires = ExpiresTick(binding);
        if (forwarder.TryAdd(addresses, allocation.Id.Value, ToNanoseconds(expires), out _) is { } flow)
        {
            binding.Kernel = new KernelChannel(allocation, binding, flow) { ExpiresTick = expires, Index = channels.Count };
            channels.Add(binding.Kernel);
        }
    }

    private void LookAtAll(long now, int turn)
    {
        // From the end: closing moves the last one into the gap.
        for (var i = channels.Count - 1; i >= 0; i--)
        {
            var channel = channels[i];
            if (turn < 0 || channel.ExpiresTick <= now)
            {
                Look(channel, now);
            }
            else if (i % Turns == turn)
            {
                Look(channel, now);
                Settle(channel);
            }
        }
    }

    private void Look(KernelChannel channel, long now)
    {
        if (!IsOpen(channel.Binding, now) || !MayPass(channel.Allocation))
        {
            Close(channel);
        }
        else if (ExpiresTick(channel.Binding) is var expires && expires != channel.ExpiresTick)
        {
            channel.ExpiresTick = expires;
            channel.Flow.ExpiresAt = ToNanoseconds(expires);
        }
    }

    private void Close(KernelChannel channel)
    {
        Count(forwarder.Close(channel.Flow, Totals(channel.Allocation)));
        channel.Binding.Kernel = null;
        var last = channels[^1];
        channels[channel.Index] = last;
        last.Index = channel.Index;
        channels.RemoveAt(channels.Count - 1);
    }

    private void Settle(KernelChannel channel) => Count(channel.Flow.Settle(Totals(channel.Allocation)));

    private void Count((long Datagrams, long Bytes) settled)
    {
        Volatile.Write(ref packets, packets + settled.Datagrams);
        Volatile.Write(ref bytes, bytes + settled.Bytes);
    }

    // The kernel looks at time by itself too, so that a process that hangs does not keep channels open.
    private ulong ToNanoseconds(long tick) => Forwarder.MonotonicNanoseconds() + ((ulong)Math.Max(0, tick - wheel.Now) * TickNanoseconds);

    private static long ExpiresTick(ChannelBinding binding) => Math.Min(binding.ExpiresTick, binding.Permission.ExpiresTick);

    private static bool IsOpen(ChannelBinding binding, long now) => ExpiresTick(binding) > now && binding.Permission.Verdict == PeerVerdict.Allowed;

    // Own ports of other allocations are judged packet by packet, streams are framed otherwise, and limits are kept by the process.
    private static bool MayPass(Allocation allocation) =>
        allocation.FiveTuple.Transport == Transport.Udp && allocation.Credential is { } credential && !HasLimits(credential);

    private static bool HasLimits(Credential credential) =>
        credential.Tenant.Policy.Quotas is not { BitsPerSecond: null, BitsPerSecondPerAllocation: null, RelayedBytesPerMonth: null } || credential.Claims.Scopes.BitsPerSecond is not null;

    private static Span<long> Totals(Allocation allocation) => Totals(ref allocation.Counters);

    /// <summary>Counters of the journal in the order in which <see cref="FlowCounts"/> adds to them.</summary>
    internal static Span<long> Totals(ref UsageCounters counters) => MemoryMarshal.CreateSpan(ref counters.BytesFromClient, FlowCounts.Totals);
}
