using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.ControlPlane.Leases;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>A tenant's limits on relayed data on this relay. Shared by all workers; the data path takes no lock.</summary>
/// <param name="tenant">The tenant.</param>
internal sealed class TenantTraffic(TenantId tenant)
{
    private readonly RateLease rate = new(GrainKeys.RateAllowance(tenant));
    private volatile ByteLease? bytes;
    private volatile bool rateLimited;
    private volatile bool bytesLimited;
    private volatile LeaseBook? book;
    private (int Year, int Month) month;

    /// <summary>True when the tenant has relayed as many bytes as it may in this month.</summary>
    public bool BytesReached => bytesLimited && bytes is { Reached: true };

    /// <summary>The tenant's share of its bandwidth on this relay, bits per second; 0 without a limit.</summary>
    public long Share => rate.Share;

    /// <summary>Takes over the policy's limits and the month; called when either may have changed.</summary>
    public void Apply(TenantPolicy policy, DateTimeOffset now, LeaseBook leases)
    {
        lock (rate)
        {
            book = leases;
            var (quotas, version) = (policy.Quotas, policy.LimitsVersion);
            if (bytes is null || month != (now.UtcDateTime.Year, now.UtcDateTime.Month))
            {
                month = (now.UtcDateTime.Year, now.UtcDateTime.Month);
                bytes = new ByteLease(GrainKeys.ByteAllowance(tenant, now));
            }

            Tell(bytes, bytes.SetLimit(quotas.RelayedBytesPerMonth, quotas.OnQuota == QuotaActions.Notify, version));
            Tell(rate, rate.SetLimit(quotas.BitsPerSecond, version));
            (rateLimited, bytesLimited) = (quotas.BitsPerSecond is not null, quotas.RelayedBytesPerMonth is not null);
        }
    }

    /// <summary>An allocation begins.</summary>
    public void Begin() => Tell(rate, rateLimited && rate.Begin());

    /// <summary>Lets data pass that is within the tenant's bandwidth.</summary>
    public bool TryPassRate(int count, bool toPeer, long now)
    {
        if (!rateLimited)
        {
            return true;
        }

        var passes = rate.TryPass(count, toPeer, now, out var ask);
        Tell(rate, ask);
        return passes;
    }

    /// <summary>Takes a stream's data against the tenant's bandwidth.</summary>
    /// <returns>How long it must wait.</returns>
    public TimeSpan ChargeRate(int count, bool toPeer, long now)
    {
        if (!rateLimited)
        {
            return TimeSpan.Zero;
        }

        var wait = rate.Charge(count, toPeer, now, out var ask);
        Tell(rate, ask);
        return wait;
    }

    /// <summary>Uses up bytes of the month.</summary>
    public bool TrySpend(int count)
    {
        if (!bytesLimited)
        {
            return true;
        }

        var lease = bytes!;
        var spent = lease.TrySpend(count, out var ask);
        Tell(lease, ask);
        return spent;
    }

    private void Tell(Lease lease, bool worthTelling)
    {
        if (worthTelling)
        {
            book!.Ask(lease);
        }
    }
}
