using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Sessions;

/// <summary>
/// Ends what allocations are left of a session that has ended. Clients mostly end theirs, but a tab that is closed says nothing, and what it leaves is
/// charged until it expires. Looks for some seconds, because an allocation is found only once its opening has come from the relay.
/// </summary>
/// <param name="grain">The session's.</param>
/// <param name="factory">Finds the grains of allocations.</param>
internal sealed class SessionAllocations(Grain grain, IGrainFactory factory)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);
    private const int Looks = 5;
    private const int AtOnce = 100;

    private IGrainTimer? timer;
    private int looked;

    /// <summary>Begins to end them; returns at once.</summary>
    public void EndAll(TenantId tenant, SessionId session)
    {
        looked = 0;
        timer ??= grain.RegisterGrainTimer(_ => EndAsync(tenant, session), new GrainTimerCreationOptions(LookEvery, LookEvery) { KeepAlive = true });
    }

    private async Task EndAsync(TenantId tenant, SessionId session)
    {
        var alive = await factory.GetGrain<IAllocationQueryGrain>(0).ListLiveAsync(tenant, session, null, AtOnce);
        foreach (var allocation in alive)
            await factory.GetGrain<IAllocationGrain>(GrainKeys.Allocation(allocation.Id)).CutAsync();
        if (++looked < Looks)
            return;
        timer?.Dispose();
        timer = null;
    }
}
