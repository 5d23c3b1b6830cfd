using System.Collections.Frozen;
using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>What stands against a credential.</summary>
internal enum CredentialStanding
{
    /// <summary>Nothing.</summary>
    Good,

    /// <summary>The tenant is suspended or closed.</summary>
    TenantInactive,

    /// <summary>It has expired.</summary>
    Expired,

    /// <summary>It, or its label, was revoked.</summary>
    Revoked,

    /// <summary>The key it was signed with is no longer accepted.</summary>
    KeyRetired,
}

/// <summary>A tenant snapshot made ready for the packet path. Immutable; replaced whole when the snapshot changes.</summary>
internal sealed class TenantPolicy
{
    private readonly FrozenSet<TokenId> revokedTokens;
    private readonly FrozenDictionary<string, StaticCredential> byUsername;
    private readonly FrozenDictionary<TokenId, StaticCredential> byId;
    private readonly int transports;
    private readonly AddressBlockSet allowPeers;
    private readonly AddressBlockSet denyPeers;

    public TenantPolicy(TenantSnapshot snapshot)
    {
        Snapshot = snapshot;
        revokedTokens = snapshot.RevokedTokens.ToFrozenSet();
        byUsername = snapshot.Credentials.ToFrozenDictionary(credential => credential.Username, StringComparer.Ordinal);
        byId = snapshot.Credentials.ToFrozenDictionary(credential => credential.Id);
        foreach (var transport in Enum.GetValues<Transport>())
        {
            transports |= snapshot.Discovery.Transports.Contains(transport.Name()) ? 1 << (int)transport : 0;
        }

        allowPeers = AddressBlockSet.FromValidated(snapshot.Discovery.Peers.Allow);
        denyPeers = AddressBlockSet.FromValidated(snapshot.Discovery.Peers.Deny);
    }

    /// <summary>The snapshot behind this.</summary>
    public TenantSnapshot Snapshot { get; }

    /// <summary>Limits of the tenant.</summary>
    public Quotas Quotas => Snapshot.Discovery.Quotas;

    /// <summary>Version of the limits: the same number means the same in every region. A cluster of the version before does not say it.</summary>
    public long LimitsVersion => Snapshot.Revision == 0 ? Snapshot.Version : Snapshot.Revision;

    /// <returns>True when the tenant's clients may use <paramref name="transport"/>.</returns>
    public bool Accepts(Transport transport) => (transports & (1 << (int)transport)) != 0;

    /// <returns>True when tenant and credential may relay in <paramref name="region"/>. A session's credential is good in the session's region alone: there it is revoked.</returns>
    public bool AcceptsRegion(CredentialClaims claims, string region) =>
        Names(Snapshot.Discovery.Regions, region) && Names(claims.Scopes.Regions, region) && (claims.Session is not { } session || session.Region == region);

    /// <returns>The signing key of that version, or null.</returns>
    public SigningKey? FindKey(uint version)
    {
        foreach (var key in Snapshot.SigningKeys)
        {
            if (key.Version == version)
            {
                return key;
            }
        }

        return null;
    }

    /// <returns>The static credential of that username, or null.</returns>
    public StaticCredential? FindCredential(string username) => byUsername.GetValueOrDefault(username);

    /// <returns>The static credential of that id, or null.</returns>
    public StaticCredential? FindCredential(TokenId id) => byId.GetValueOrDefault(id);

    /// <summary>Judges a credential whose password is not in question.</summary>
    public CredentialStanding Judge(CredentialClaims claims, DateTimeOffset now)
    {
        if (Snapshot.Status != TenantStatus.Active)
        {
            return CredentialStanding.TenantInactive;
        }

        if (claims.ExpiresAt <= now)
        {
            return CredentialStanding.Expired;
        }

        if (revokedTokens.Contains(claims.Token)
            || (claims.Label is { Length: > 0 } label && Snapshot.RevokedLabels.TryGetValue(label, out var revokedUpTo) && claims.IssuedAt <= revokedUpTo))
        {
            return CredentialStanding.Revoked;
        }

        if (claims.KeyVersion == NamedUsername.KeyVersion)
        {
            return claims.ExpiresAt == NamedUsername.Never
                ? byId.ContainsKey(claims.Token) ? CredentialStanding.Good : CredentialStanding.Revoked
                : Snapshot.SharedSecrets.IsEmpty ? CredentialStanding.KeyRetired : CredentialStanding.Good;
        }

        // Version 0 stands for credentials that no key of the tenant signed: a third party's tokens.
        return claims.KeyVersion != 0 && FindKey(claims.KeyVersion) is null ? CredentialStanding.KeyRetired : CredentialStanding.Good;
    }

    private static bool Names(ImmutableArray<string> regions, string region) => regions.IsDefaultOrEmpty || regions.Contains(region);

    /// <summary>Peer limits of the tenant together with those of a credential.</summary>
    /// <param name="credentialPeers">The credential's own list; empty = no limit.</param>
    public PeerLimits PeerLimits(AddressBlockSet credentialPeers) => new(allowPeers, denyPeers, credentialPeers);
}
