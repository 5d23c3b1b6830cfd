using System.Net;
using System.Net.Sockets;

namespace NetDiscovery.Gateway.Authentication;

/// <summary>Counts failed authentications for each source and claimed name in windows of one minute.</summary>
/// <remarks>
/// A fixed table of slots chosen by a seeded hash: what strangers can make it hold is bounded, and two sources that share a slot share
/// its limit. IPv6 sources count as their /64.
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="perMinute">Failures allowed for one claimed name from one source; ten times as many for the source as a whole.</param>
public sealed class FailureLimiter(TimeProvider time, int perMinute)
{
    private const int Slots = 16_384;
    private const int SourceFactor = 10;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly (long Since, int Count)[] slots = new (long, int)[Slots];

    /// <returns>How long to wait when the source has failed too often; null when it may try.</returns>
    public TimeSpan? Blocked(IPAddress? source, string claimed)
    {
        var now = time.GetTimestamp();
        lock (gate)
        {
            return Over(Slot(source, claimed), perMinute, now) ?? Over(Slot(source, ""), perMinute * SourceFactor, now);
        }
    }

    /// <summary>Notes a failure.</summary>
    public void Failed(IPAddress? source, string claimed)
    {
        var now = time.GetTimestamp();
        lock (gate)
        {
            Count(Slot(source, claimed), now);
            Count(Slot(source, ""), now);
        }
    }

    private TimeSpan? Over(int slot, int limit, long now)
    {
        var (since, count) = slots[slot];
        var left = Window - time.GetElapsedTime(since, now);
        return count >= limit && left > TimeSpan.Zero ? left : null;
    }

    private void Count(int slot, long now)
    {
        ref var entry = ref slots[slot];
        entry = entry.Count == 0 || time.GetElapsedTime(entry.Since, now) >= Window ? (now, 1) : (entry.Since, entry.Count + 1);
    }

    private static int Slot(IPAddress? source, string claimed)
    {
        var network = new HashCode();
        if (source is not null)
        {
            var bytes = (source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source).GetAddressBytes().AsSpan();
            network.AddBytes(source.AddressFamily == AddressFamily.InterNetworkV6 && bytes.Length == 16 ? bytes[..8] : bytes);
        }

        network.Add(claimed);
        return (int)((uint)network.ToHashCode() % Slots);
    }
}
