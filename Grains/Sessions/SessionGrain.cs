using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Grains.Sessions;

/// <inheritdoc cref="ISessionGrain"/>
/// <remarks>Asks the tenant's grain for the decision policy itself: one source of truth, and no caller can bring a policy of its own.</remarks>
[GrainType("session")]
public sealed class SessionGrain : Grain, ISessionGrain
{
    private readonly CommittedState<StoredSession> state;
    private readonly Retirement retirement;
    private readonly TimeProvider time;

    public SessionGrain([PersistentState("session", StorageNames.Default)] IPersistentState<StoredSession> stored, TimeProvider time)
    {
        state = new CommittedState<StoredSession>(stored);
        retirement = new Retirement(this, () => state.Value.Session is null);
        this.time = time;
    }

    public async Task<Session?> CreateAsync(CreateSession request)
    {
        if (GrainKeys.Session(request.Id) != this.GetPrimaryKeyString())
            throw new ArgumentException("The session's id is another than the grain's.", nameof(request));

        if (state.Value.Session is null)
        {
            var tenant = await GrainFactory.GetGrain<ITenantGrain>(GrainKeys.Tenant(request.Tenant)).GetSnapshotAsync(null);
            if (tenant is not { Status: TenantStatus.Active })
            {
                retirement.Consider();
                return null;
            }

            await state.ChangeAsync(current => (current.Session is null ? SessionSteps.Create(request, tenant.Discovery, time.GetUtcNow()) : current, true));
        }

        if (!StateJson.Same(state.Value.Request, request))
            return null;

        // Also when repeated: the first attempt may have died before it got here, and the ledger counts a source once.
        await GrainFactory.GetGrain<IUsageGrain>(GrainKeys.Usage(request.Tenant, request.Id.Value)).RecordAsync([CreationReport(state.Value.Session!)]);
        return state.Value.Session;
    }

    public Task<Session?> GetAsync()
    {
        retirement.Consider();
        return Task.FromResult(state.Value.Session);
    }

    public async Task<bool> EndAsync()
    {
        if (await GetAsync() is null)
            return false;
        await state.ChangeAsync(current => (current.End(time.GetUtcNow()), true));
        return true;
    }

    public Task<ImmutableArray<TimelineEntry>> GetTimelineAsync() => Task.FromResult(state.Value.Timeline);

    private static UsageReport CreationReport(Session session) => new(
        session.Id.Value,
        1,
        new UsageKeys(session.Tenant, session.Id.ToString(), "", session.Id.Region, "", ""),
        new UsageTotals { Sessions = 1 },
        session.CreatedAt);
}
