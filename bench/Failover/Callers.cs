using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Failover.Bench;

/// <summary>Makes grains of the kinds that a region lives by, and what calls them.</summary>
internal static class Callers
{
    /// <summary>A tenant that is read, as by a gateway that authenticates.</summary>
    public static async Task<Caller> ReaderAsync(IGrainFactory grains)
    {
        var tenant = await TenantAsync(grains);
        return new Caller(tenant, async () => _ = await tenant.GetAsync() ?? throw new InvalidOperationException("A tenant has gone."));
    }

    /// <summary>A tenant that is changed, each change stored before the answer.</summary>
    public static async Task<Caller> WriterAsync(IGrainFactory grains)
    {
        var (tenant, suspended) = (await TenantAsync(grains), false);
        return new Caller(tenant, async () =>
        {
            suspended = !suspended;
            await tenant.SetStatusAsync(suspended ? TenantStatus.Suspended : TenantStatus.Active);
        });
    }

    /// <summary>An allocation that reports its usage, each report booked before the answer. One whose answer is missing is sent again as it was.</summary>
    public static async Task<Caller> AllocationAsync(IGrainFactory grains)
    {
        var (id, at, sequence, confirmed) = (new AllocationId(Guid.NewGuid()), TimeProvider.System.GetUtcNow(), 1L, 1L);
        var allocation = grains.GetGrain<IAllocationGrain>(GrainKeys.Allocation(id));
        await UntilItSucceedsAsync(() => allocation.ApplyAsync([new AllocationOpened
        {
            Allocation = id, Sequence = 1, At = at, Tenant = TenantId.New(), Token = TokenId.New(), Region = "local", RelayId = "bench",
            FiveTuple = new FiveTuple(new TransportAddress("192.0.2.7", 5000), new TransportAddress("192.0.2.1", 3478), Transport.Udp),
            RelayedTransportAddresses = [new TransportAddress("192.0.2.1", 50_000)], ExpiresAt = at.AddHours(1),
        }]));
        return new Caller(allocation, async () =>
        {
            sequence = confirmed + 1;
            if (!await allocation.ApplyAsync([new UsageObserved { Allocation = id, Sequence = sequence, At = at, Totals = new UsageTotals { BytesToPeer = sequence * 100 } }]))
            {
                throw new InvalidOperationException("An allocation was forgotten.");
            }

            confirmed = sequence;
        });
    }

    private static async Task<ITenantGrain> TenantAsync(IGrainFactory grains)
    {
        var tenant = grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(TenantId.New()));
        await UntilItSucceedsAsync(() => tenant.CreateAsync(new CreateTenant("bench", null, new byte[32])));
        return tenant;
    }

    // The first calls of fresh silos may take long.
    private static async Task UntilItSucceedsAsync(Func<Task> call)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await call();
                return;
            }
            catch (Exception exception) when (attempt < 10 && exception is OrleansException or TimeoutException or OperationCanceledException)
            {
                // Again.
            }
        }
    }
}
