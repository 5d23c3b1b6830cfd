using NetDiscovery.Grains.Interfaces;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>One tenant on this relay: its policy, and how many allocations it has here. Shared by all workers.</summary>
/// <param name="id">The tenant.</param>
/// <param name="policy">Its first policy.</param>
internal sealed class TenantEntry(TenantId id, TenantPolicy policy)
{
    private readonly Dictionary<TokenId, int> allocationsByToken = [];
    private readonly Lock gate = new();
    private volatile TenantPolicy policy = policy;
    private int allocations;

    /// <summary>The tenant.</summary>
    public TenantId Id => id;

    /// <summary>The policy in force.</summary>
    public TenantPolicy Policy => policy;

    /// <summary>Unix milliseconds of the last use; any worker writes it.</summary>
    public long LastUsedUnixMilliseconds { get; set; }

    /// <summary>Live allocations on this relay.</summary>
    public int Allocations => Volatile.Read(ref allocations);

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

    /// <summary>Counts a new allocation unless that would go beyond a limit.</summary>
    /// <param name="token">The credential's token.</param>
    /// <param name="tenantLimit">Allocations of the tenant at once; null = no limit.</param>
    /// <param name="credentialLimit">Allocations of the credential at once; null = no limit.</param>
    /// <returns>False when a limit is reached; nothing was counted.</returns>
    public bool TryOpen(TokenId token, int? tenantLimit, int? credentialLimit)
    {
        lock (gate)
        {
            var ofToken = allocationsByToken.GetValueOrDefault(token);
            if (allocations >= tenantLimit || ofToken >= credentialLimit)
            {
                return false;
            }

            allocationsByToken[token] = ofToken + 1;
            allocations++;
            return true;
        }
    }

    /// <summary>Counts an allocation that was admitted by an earlier process and goes on; no limit applies.</summary>
    public void Reopen(TokenId token) => TryOpen(token, null, null);

    /// <summary>Counts an allocation that <see cref="TryOpen"/> admitted as ended.</summary>
    public void Close(TokenId token)
    {
        lock (gate)
        {
            allocations--;
            if (--allocationsByToken[token] == 0)
            {
                allocationsByToken.Remove(token);
            }
        }
    }
}
