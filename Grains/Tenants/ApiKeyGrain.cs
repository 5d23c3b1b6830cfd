using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Tenants;

/// <inheritdoc cref="IApiKeyGrain"/>
[GrainType("api-key")]
public sealed class ApiKeyGrain([PersistentState("api-key", StorageNames.Default)] IPersistentState<ApiKeyState> stored) : Grain, IApiKeyGrain
{
    private readonly CommittedState<ApiKeyState> state = new(stored);

    public Task<bool> BindAsync(TenantId tenant) => state.ChangeAsync(current => current.Tenant switch
    {
        null => (new ApiKeyState { Tenant = tenant }, true),
        { } owner => (current, owner == tenant),
    });

    public Task UnbindAsync(TenantId tenant) =>
        state.ChangeAsync(current => (current.Tenant == tenant ? new ApiKeyState() : current, true));

    public Task<TenantId?> GetTenantAsync()
    {
        // Anybody can ask for a key that does not exist; that must not stay in memory.
        if (state.Value.Tenant is null)
            DeactivateOnIdle();
        return Task.FromResult(state.Value.Tenant);
    }
}
