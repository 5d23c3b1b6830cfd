using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Allocations.Limits;
using NetDiscovery.Relay.ControlPlane.Leases;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>One tenant on this relay: its policy, and what it uses of its limits here. Shared by all workers.</summary>
/// <param name="id">The tenant.</param>
/// <param name="policy">Its first policy.</param>
internal sealed class TenantEntry(TenantId id, TenantPolicy policy)
{
    private readonly Dictionary<TokenId, SlotLease> byCredential = [];
    private readonly SlotLease allocations = new(GrainKeys.Allowance(id));
    private readonly Lock gate = new();
    private readonly Policer allocates = new(burstSeconds: 10, leastBurst: 1);
    private volatile bool allocatesPoliced;
    private volatile TenantPolicy policy = policy;

    /// <summary>The tenant.</summary>
    public TenantId Id => id;

    /// <summary>The policy in force.</summary>
    public TenantPolicy Policy => policy;

    /// <summary>Unix milliseconds of the last use; any worker writes it.</summary>
    public long LastUsedUnixMilliseconds { get; set; }

    /// <summary>Live allocations on this relay.</summary>
    public int Allocations => allocations.Used;

    /// <summary>Limits on relayed data.</summary>
    public TenantTraffic Traffic { get; } = new(id);

    /// <summary>Replaces the policy by a newer one.</summary>
    /// <returns>False when the one in force is as new.</returns>
    public bool TryReplace(TenantPolicy newer)
    {
        lock (gate)
        {
            if (policy.Snapshot.Version >= newer.Snapshot.Version)
            {
                return false;
            }

            policy = newer;
            return true;
        }
    }

    /// <summary>Sets how many allocations a second may be made for the tenant at this relay.</summary>
    /// <param name="byDefault">Of a tenant whose policy says nothing; 0 = any number.</param>
    public void SetAllocateRate(int byDefault)
    {
        var rate = policy.Quotas.AllocatesPerSecondPerRelay ?? (byDefault == 0 ? null : byDefault);
        if (rate is { } perSecond)
        {
            allocates.SetRate(perSecond);
        }

        allocatesPoliced = rate is not null;
    }

    /// <summary>Lets an Allocate pass that is within the rate of the tenant, which so leaves the relay to others.</summary>
    /// <param name="now"><see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</param>
    public bool TryPassAllocate(long now) => !allocatesPoliced || allocates.TryPass(1, now);

    /// <summary>Takes the places that a new allocation needs, unless that would go beyond a limit on whatever relay.</summary>
    /// <param name="token">The credential's token.</param>
    /// <param name="scope">Allocations at once that the credential itself allows; null = no limit of its own.</param>
    /// <param name="book">Has the cluster asked.</param>
    /// <param name="waited">What was waited for already; default the first time.</param>
    public Admission TryOpen(TokenId token, int? scope, LeaseBook book, in Admission waited)
    {
        lock (gate)
        {
            var (quotas, version) = (policy.Quotas, policy.LimitsVersion);
            var credential = Credential(token, scope);
            var admission = Take(credential, Lower(quotas.ConcurrentAllocationsPerCredential, credential.Scope), version, book, waited);
            if (admission.Status == SlotStatus.Taken)
            {
                admission = Take(allocations, quotas.ConcurrentAllocations, version, book, waited);
                if (admission.Status != SlotStatus.Taken)
                {
                    credential.Return();
                }
            }

            if (admission.Status != SlotStatus.Taken && credential.IsIdle)
            {
                byCredential.Remove(token);
            }

            return admission;
        }
    }

    /// <summary>Counts an allocation that outlived its relay's process; the cluster is told that its places are in use.</summary>
    public void Adopt(TokenId token, int? scope, LeaseBook book)
    {
        lock (gate)
        {
            allocations.Adopt();
            Credential(token, scope).Adopt();
        }

        ClaimLimits(book);
    }

    /// <summary>Counts an allocation as ended.</summary>
    public void Close(TokenId token)
    {
        lock (gate)
        {
            allocations.Return();
            var credential = byCredential[token];
            credential.Return();
            if (credential.IsIdle)
            {
                byCredential.Remove(token);
            }
        }
    }

    /// <summary>After a change of policy: claims what is in use under a limit that is new, gives back what a lifted one held.</summary>
    public void ClaimLimits(LeaseBook book)
    {
        lock (gate)
        {
            var (quotas, version) = (policy.Quotas, policy.LimitsVersion);
            if (allocations.SetLimit(quotas.ConcurrentAllocations, version))
            {
                book.Ask(allocations);
            }

            foreach (var credential in byCredential.Values)
            {
                if (credential.SetLimit(Lower(quotas.ConcurrentAllocationsPerCredential, credential.Scope), version))
                {
                    book.Ask(credential);
                }
            }
        }
    }

    /// <summary>Forgets a credential's lease that is no longer held.</summary>
    public void Forget(SlotLease lease)
    {
        lock (gate)
        {
            if (lease.Credential is { } token && byCredential.TryGetValue(token, out var known) && ReferenceEquals(known, lease) && lease.IsIdle)
            {
                byCredential.Remove(token);
            }
        }
    }

    private SlotLease Credential(TokenId token, int? scope)
    {
        if (!byCredential.TryGetValue(token, out var lease))
        {
            byCredential[token] = lease = new SlotLease(GrainKeys.CredentialAllowance(id, token)) { Tenant = this, Credential = token, Scope = scope };
        }

        return lease;
    }

    private static Admission Take(SlotLease lease, int? limit, long version, LeaseBook book, in Admission waited)
    {
        var status = lease.TryTake(limit, version, book.InForce, ReferenceEquals(waited.Lease, lease) ? waited.Round : long.MaxValue, out var round, out var ask);
        if (ask)
        {
            book.Ask(lease);
        }

        return new Admission(status, lease, round);
    }

    private static int? Lower(int? left, int? right) => left is null ? right : right is null ? left : Math.Min(left.Value, right.Value);
}

/// <summary>How asking for the places of an allocation ended.</summary>
/// <param name="Status">Taken, or not.</param>
/// <param name="Lease">What it hung on.</param>
/// <param name="Round">The question to wait for, when <see cref="SlotStatus.Pending"/>.</param>
internal readonly record struct Admission(SlotStatus Status, SlotLease? Lease, long Round);
