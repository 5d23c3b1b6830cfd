using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A tenant and the means to mint its credentials.</summary>
internal sealed class TestTenant
{
    private readonly SigningKey key;

    /// <param name="discovery">Its configuration.</param>
    /// <param name="seed">The same seed makes the same tenant, in another process too.</param>
    public TestTenant(DiscoveryConfiguration? discovery = null, string? seed = null)
    {
        var secret = seed is null ? RandomNumberGenerator.GetBytes(32) : SHA256.HashData(Encoding.UTF8.GetBytes(seed));
        key = new SigningKey(1, secret, DateTimeOffset.UnixEpoch);
        Id = seed is null ? TenantId.New() : new TenantId(new Guid(secret.AsSpan(0, 16)));
        Snapshot = new TenantSnapshot(
            Id, 1, TenantStatus.Active, [key], discovery ?? DiscoveryConfiguration.Default, [], ImmutableSortedDictionary<string, DateTimeOffset>.Empty);
    }

    public TenantId Id { get; }

    public TenantSnapshot Snapshot { get; }

    public MintedCredential Mint(DateTimeOffset now, TimeSpan? ttl = null, CredentialScopes? scopes = null, string? label = null, uint keyVersion = 1, (SessionId Id, string Endpoint)? session = null)
    {
        var claims = new CredentialClaims
        {
            Tenant = Id,
            KeyVersion = keyVersion,
            Token = TokenId.New(),
            IssuedAt = now,
            ExpiresAt = now + (ttl ?? TimeSpan.FromHours(12)),
            Label = label,
            Session = session?.Id,
            Endpoint = session?.Endpoint,
            Scopes = scopes ?? CredentialScopes.None,
        };
        var username = TurnCredential.Encode(claims);
        TurnCredential.TryDecode(Encoding.ASCII.GetBytes(username), out var read);
        return new MintedCredential(username, TurnCredential.DerivePassword(key, Encoding.ASCII.GetBytes(username)), read!);
    }
}

internal sealed record MintedCredential(string Username, string Password, CredentialClaims Claims);
