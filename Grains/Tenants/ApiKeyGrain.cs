using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Tenants;

/// <inheritdoc cref="IApiKeyGrain"/>
[GrainType("api-key")]
public sealed class ApiKeyGrain : Grain, IApiKeyGrain
{
    private readonly CommittedState<ApiKeyState> state;
    private readonly Retirement retirement;

    public ApiKeyGrain([PersistentState("api-key", StorageNames.Default)] IPersistentState<ApiKeyState> stored)
    {
        state = new CommittedState<ApiKeyState>(stored);
        retirement = new Retirement(this, () => state.Value.Tenant is null);
    }

    public Task<bool> BindAsync(TenantId tenant) => state.ChangeAsync(current => current.Tenant switch
    {
        null => (new ApiKeyState { Tenant = tenant }, true),
        { } owner => (current, owner == tenant),
    });

    public Task UnbindAsync(TenantId tenant) =>
        state.ChangeAsync(current => (current.Tenant == tenant ? new ApiKeyState() : current, true));

    public Task<TenantId?> GetTenantAsync()
    {
        retirement.Consider();
        return Task.FromResult(state.Value.Tenant);
    }
}
