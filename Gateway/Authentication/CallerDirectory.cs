using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.Authentication;

/// <summary>Finds out who a presented credential belongs to.</summary>
/// <remarks>
/// Good answers are remembered for two seconds under the hash of the secret, so that a burst does not ask the cluster each time. A changed
/// status or a removed key therefore counts at once at the gateway that changed it and within two seconds at the others.
/// </remarks>
public sealed class CallerDirectory
{
    private const int MaxRemembered = 10_000;
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(2);

    private readonly IGrainFactory grains;
    private readonly byte[] operatorKeyHash;
    private readonly ShortCache<PresentedCredential, Caller?> known;

    public CallerDirectory(IGrainFactory grains, IOptions<OperatorOptions> options, TimeProvider time)
    {
        this.grains = grains;
        operatorKeyHash = SHA256.HashData(Encoding.UTF8.GetBytes(options.Value.Key));
        known = new(Remembered, MaxRemembered, time, AskAsync, static caller => caller is not null);
    }

    /// <returns>The caller, or null when the credential is wrong.</returns>
    public async Task<Caller?> FindAsync(PresentedCredential credential)
    {
        if (credential is { Tenant: null, Key: null })
        {
            return IsOperatorKey(credential) ? Caller.Operator : null;
        }

        return await known.GetAsync(credential);
    }

    /// <returns>The caller when the credential is known to be good without asking anybody; null when that is not known.</returns>
    public Caller? FindRemembered(PresentedCredential credential)
    {
        if (credential is { Tenant: null, Key: null })
        {
            return IsOperatorKey(credential) ? Caller.Operator : null;
        }

        return known.TryGetRemembered(credential, out var caller) ? caller : null;
    }

    /// <summary>Forgets what is remembered of a tenant whose status or keys changed, and of its sub-accounts, whose status follows.</summary>
    public void Forget(TenantId tenant) => known.ForgetWhere(caller => caller?.Tenant is not { } its || its.Id == tenant || its.Parent == tenant);

    /// <summary>Forgets all: tenants have changed in another region.</summary>
    public void ForgetAll() => known.ForgetWhere(static _ => true);

    private bool IsOperatorKey(PresentedCredential credential) =>
        CryptographicOperations.FixedTimeEquals(Convert.FromHexString(credential.SecretHash), operatorKeyHash);

    private async Task<Caller?> AskAsync(PresentedCredential credential)
    {
        var owner = credential.Key is { } key ? await grains.GetGrain<IApiKeyGrain>(GrainKeys.ApiKey(key)).GetTenantAsync() : credential.Tenant;
        return owner is { } id && await grains.GetGrain<ITenantGrain>(GrainKeys.Tenant(id)).AuthenticateAsync(credential.Key, Convert.FromHexString(credential.SecretHash)) is { } tenant
            ? new Caller(tenant, credential.Key)
            : null;
    }
}
