using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.ControlPlane.Tests.Fixtures;

/// <summary>A tenant of the region, and the means to mint its credentials.</summary>
public sealed class RegionTenant(Region region, TenantId id)
{
    public TenantId Id => id;

    public ITenantGrain Grain => region.Grain<ITenantGrain>(GrainKeys.Tenant(id));

    public Task CreateAsync() => Grain.CreateAsync(new CreateTenant("tenant", null, new byte[32]));

    public async Task PutAsync(DiscoveryConfiguration configuration) =>
        Assert.Equal(DiscoveryChangeOutcome.Stored, (await Grain.PutDiscoveryAsync(configuration, null)).Outcome);

    /// <summary>Mints with the newest signing key, as the gateway does.</summary>
    public async Task<MintedCredential> MintAsync(CredentialScopes? scopes = null, string? label = null, TimeSpan? ttl = null, SessionId? session = null)
    {
        var key = (await Grain.GetSnapshotAsync(null))!.SigningKeys[0];
        var now = region.Time.GetUtcNow();
        var claims = new CredentialClaims
        {
            Tenant = id,
            KeyVersion = key.Version,
            Token = TokenId.New(),
            IssuedAt = now,
            ExpiresAt = TimeProvider.System.GetUtcNow() + (ttl ?? TimeSpan.FromHours(12)),
            Label = label,
            Session = session,
            Endpoint = session is null ? null : "alice",
            Scopes = scopes ?? CredentialScopes.None,
        };
        var username = TurnCredential.Encode(claims);
        return new MintedCredential(username, TurnCredential.DerivePassword(key, Encoding.ASCII.GetBytes(username)), claims);
    }
}

public sealed record MintedCredential(string Username, string Password, CredentialClaims Claims);
