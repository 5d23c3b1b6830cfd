using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Handlers;

/// <summary>
/// Tells clients of ICMP errors that their data met on the way to peers (RFC 8656 §11.5): a Data indication with ICMP in place of DATA.
/// There are clients that give up at an indication without DATA, so only those are told that show that they know of it.
/// </summary>
internal static class IcmpHandler
{
    /// <summary>Most that one allocation is told in a second: others can make ICMP, and nobody is flooded with what they make.</summary>
    public const int PerSecond = TimingWheel.TicksPerSecond;

    /// <summary>What the setting may be.</summary>
    public static IReadOnlyList<string> Settings { get; } = ["auto", "always", "never"];

    /// <summary>Decides whether a client is told.</summary>
    /// <param name="allocate">
    /// Its Allocate. RFC 8656 clients are known by what older ones have not: ADDITIONAL-ADDRESS-FAMILY, PASSWORD-ALGORITHM,
    /// MESSAGE-INTEGRITY-SHA256; and DONT-FRAGMENT is of no use to whoever does not want to hear what became of the packet.
    /// </param>
    /// <param name="options">The operator's word.</param>
    public static bool IsExpected(in StunMessage allocate, RelayOptions options) => options.IcmpIndications switch
    {
        "always" => true,
        "never" => false,
        _ => allocate.HasMessageIntegritySha256 || allocate.Has(AttributeType.AdditionalAddressFamily)
            || allocate.Has(AttributeType.PasswordAlgorithm) || allocate.Has(AttributeType.DontFragment),
    };

    /// <summary>Makes the indication.</summary>
    /// <param name="worker">The worker; the message lies in its response buffer.</param>
    /// <param name="allocation">Whose datagram it was.</param>
    /// <param name="permission">The peer's, or null.</param>
    /// <param name="peer">Where the datagram was sent to.</param>
    /// <param name="error">What it met.</param>
    /// <returns>Nothing where the client is not to be told.</returns>
    public static ReadOnlySpan<byte> Write(Worker worker, Allocation allocation, Permission? permission, in TransportAddress peer, Icmp error)
    {
        // Destination unreachable and time exceeded; over IPv6 also packet too big. Others are dropped.
        var told = peer.Family == IPFamily.IPv4 ? error.IcmpType is 3 or 11 : error.IcmpType is 1 or 2 or 3;
        var now = worker.Wheel.Now;
        if (!told || permission is null || permission.ExpiresTick <= now || !TryTake(allocation, now))
        {
            return [];
        }

        var writer = new StunWriter(worker.Response, StunMethod.Data, StunClass.Indication, worker.NextTransaction());
        writer.AddXorAddress(AttributeType.XorPeerAddress, peer);
        writer.Add(error);
        return worker.Response.AsSpan(0, writer.Finish());
    }

    // GCRA: one second's worth at once, then one a tick.
    private static bool TryTake(Allocation allocation, long now)
    {
        var next = Math.Max(allocation.IcmpTick, now) + 1;
        if (next - now > PerSecond)
        {
            return false;
        }

        allocation.IcmpTick = next;
        return true;
    }
}
