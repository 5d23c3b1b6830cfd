using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Idempotency;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Tenants;

/// <summary>Makes and removes API keys: the rules that all APIs share.</summary>
public sealed class TenantKeys(IGrainFactory grains, CallerDirectory callers)
{
    /// <summary>Makes a key.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="name">1 to 64 characters.</param>
    /// <param name="seed">Where id and secret come from.</param>
    public async Task<MadeKey> MakeAsync(TenantId tenant, string name, RequestSeed seed)
    {
        var id = new ApiKeyId(seed.Id("key", static () => ApiKeyId.New().Value));
        var secret = seed.Secret("secret");
        var change = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant)).AddKeyAsync(id, name, secret.Hash);
        return change switch
        {
            { Outcome: TenantChange.Done, Key: { } key } when key.Name == name => new MadeKey(key, secret, null),
            { Outcome: TenantChange.Done or TenantChange.Conflict } => new Problem(ProblemCodes.IdempotencyKeyReused),
            _ => TenantAnswers.Refusal(change.Outcome),
        };
    }

    /// <summary>Gives a key another name.</summary>
    /// <returns>The key; null when the tenant has none of this id.</returns>
    public async Task<ApiKey?> RenameAsync(TenantId tenant, string id, string name) =>
        ApiKeyId.TryParse(id, out var key) ? await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant)).RenameKeyAsync(key, name) : null;

    /// <summary>Removes a key; it authenticates nothing any more within two seconds.</summary>
    /// <returns>False when the tenant has no key of this id.</returns>
    public async Task<bool> RemoveAsync(TenantId tenant, string id)
    {
        if (!ApiKeyId.TryParse(id, out var key))
        {
            return false;
        }

        var removed = await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(tenant)).RemoveKeyAsync(key);
        callers.Forget(tenant);
        return removed;
    }
}

/// <summary>Either a key and its secret, which is shown once, or a refusal.</summary>
public readonly record struct MadeKey(ApiKey? Key, Secret Secret, Problem? Problem)
{
    /// <summary>A refusal.</summary>
    public static implicit operator MadeKey(Problem problem) => new(null, default, problem);
}
