using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Gateway.Authentication;
using NetDiscovery.Gateway.Problems;
using NetDiscovery.Gateway.Regions;
using NetDiscovery.Gateway.Regions.Choice;
using NetDiscovery.Gateway.Relays;
using NetDiscovery.Gateway.Tenants;
using NetDiscovery.Gateway.Tokens;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Gateway.DropIn.Metered;

/// <summary>Finds out whether the key of a single credential is good, as a relay would, and which servers the credential is for.</summary>
public sealed class MeteredCredentialKeys(
    TenantSnapshots snapshots, RelayDirectory relays, RegionChooser chooser, StaticCredentials credentials, FailureLimiter failures, TimeProvider time)
{
    /// <summary>The servers of a credential.</summary>
    /// <param name="key">As it was presented.</param>
    /// <param name="http">The request, for counting failures of its source.</param>
    public async Task<(IReadOnlyList<IceServer>? Servers, Problem? Problem)> FindAsync(MeteredCredentialKey key, HttpContext http)
    {
        var source = http.Connection.RemoteIpAddress;
        if (!TryTenant(key.Username, out var tenant))
        {
            return (null, new Problem(ProblemCodes.Unauthenticated));
        }

        if (failures.Blocked(source, tenant.ToString()) is { } wait)
        {
            return (null, new Problem(ProblemCodes.TooManyRequests, "Too many failed authentications from this address.", retryAfter: wait));
        }

        if (await FindTenantAsync(key, tenant) is not { } snapshot)
        {
            failures.Failed(source, tenant.ToString());
            return (null, new Problem(ProblemCodes.Unauthenticated));
        }

        var place = chooser.Here(snapshot.Discovery, RequestOrigin.Asked);
        if (place.Problem is not null)
        {
            return (null, place.Problem);
        }

        var chosen = await relays.ChooseAsync(place.Region, relay => IceServers.Serves(relay, snapshot.Discovery));
        return chosen.Count == 0
            ? (null, new Problem(ProblemCodes.NoRelay))
            : (IceServers.For(chosen, snapshot.Discovery, key.Username, key.Password), null);
    }

    // What was made a moment ago, here or at another gateway, may be missing in what is remembered. Failures are counted: nobody has it asked for without end.
    private async Task<TenantSnapshot?> FindTenantAsync(MeteredCredentialKey key, TenantId tenant)
    {
        for (var asked = 0; asked < 2; asked++)
        {
            if (await snapshots.GetAsync(tenant) is not { Status: TenantStatus.Active } snapshot)
            {
                return null;
            }

            if (IsGood(key, snapshot))
            {
                return snapshot;
            }

            snapshots.Forget(tenant);
        }

        return null;
    }

    private static bool TryTenant(string username, out TenantId tenant)
    {
        var bytes = Encoding.UTF8.GetBytes(username);
        (tenant, var known) = TurnCredential.TryDecode(bytes, out var claims) ? (claims.Tenant, true)
            : NamedUsername.TryRead(bytes, out var named) && named.ExpiresAt is null ? (named.Tenant, true)
            : (default, false);
        return known;
    }

    private bool IsGood(MeteredCredentialKey key, TenantSnapshot snapshot)
    {
        var username = Encoding.UTF8.GetBytes(key.Username);
        if (!TurnCredential.TryDecode(username, out var claims))
        {
            return snapshot.Credentials.FirstOrDefault(known => known.Username == key.Username) is { } stored && credentials.IsPassword(stored, key.Password);
        }

        return claims.ExpiresAt > time.GetUtcNow() && !snapshot.RevokedTokens.Contains(claims.Token)
            && (claims.Label is null || !snapshot.RevokedLabels.TryGetValue(claims.Label, out var revokedUntil) || claims.IssuedAt > revokedUntil)
            && snapshot.SigningKeys.FirstOrDefault(signing => signing.Version == claims.KeyVersion) is { } signed
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(TurnCredential.DerivePassword(signed, username)), Encoding.UTF8.GetBytes(key.Password));
    }
}
