using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.Allocations.Limits;

/// <summary>What stands between one allocation's data and its peers: bandwidth of the allocation, bandwidth of the tenant, bytes of the month. Belongs to one worker; allocates nothing.</summary>
internal sealed class TrafficLimits
{
    private readonly TenantTraffic tenant;
    private readonly RelayMetrics metrics;
    private readonly Policer? toPeers;
    private readonly Policer? toClient;

    private TrafficLimits(TenantTraffic tenant, long? bitsPerSecond, RelayMetrics metrics)
    {
        this.tenant = tenant;
        this.metrics = metrics;
        if (bitsPerSecond is { } rate)
        {
            (toPeers, toClient) = (Policer.OfBytes(), Policer.OfBytes());
            toPeers.SetBitRate(rate);
            toClient.SetBitRate(rate);
        }
    }

    /// <summary>The limits of an allocation by its tenant's policy and its credential's scope; null when there are none, which is what the kernel path asks.</summary>
    public static TrafficLimits? For(TenantEntry tenant, long? scopeBitsPerSecond, RelayServices services)
    {
        var quotas = tenant.Policy.Quotas;
        var own = quotas.BitsPerSecondPerAllocation is { } limit ? Math.Min(limit, scopeBitsPerSecond ?? limit) : scopeBitsPerSecond;
        if (own is null && quotas.BitsPerSecond is null && quotas.RelayedBytesPerMonth is null)
        {
            return null;
        }

        tenant.Traffic.Begin();
        return new TrafficLimits(tenant.Traffic, own, services.Metrics);
    }

    /// <summary>Lets data pass, or counts why not.</summary>
    /// <param name="bytes">Application bytes.</param>
    /// <param name="toPeer">Direction.</param>
    /// <param name="now"><see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</param>
    public bool TryPass(int bytes, bool toPeer, long now)
    {
        if ((toPeer ? toPeers : toClient)?.TryPass(bytes, now) == false || !tenant.TryPassRate(bytes, toPeer, now))
        {
            metrics.Dropped(DropReason.BandwidthReached);
            return false;
        }

        if (!tenant.TrySpend(bytes))
        {
            metrics.Dropped(DropReason.QuotaReached);
            return false;
        }

        return true;
    }

    /// <summary>Takes a stream's data, which is never dropped: it waits, and where the bytes of the month are used up the stream ends.</summary>
    /// <param name="bytes">Application bytes.</param>
    /// <param name="toPeer">Direction.</param>
    /// <param name="now"><see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</param>
    /// <param name="wait">How long to wait before passing it on; infinite = there is no share of the tenant's bandwidth yet, ask again soon.</param>
    /// <returns>False when the stream must end.</returns>
    public bool TryPassStream(int bytes, bool toPeer, long now, out TimeSpan wait)
    {
        wait = tenant.ChargeRate(bytes, toPeer, now);
        if (wait >= TimeSpan.Zero && (toPeer ? toPeers : toClient)?.Charge(bytes, now) is { } own)
        {
            wait = own > wait || own < TimeSpan.Zero ? own : wait;
        }

        return wait < TimeSpan.Zero || tenant.TrySpend(bytes);
    }
}
