using System.Text;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Authentication;

/// <summary>Static credentials and those of the REST form: how a username becomes a credential, and which key checks it.</summary>
internal static class NamedCredentials
{
    /// <returns>True when the credential's key is found here and not by a signing key.</returns>
    public static bool Covers(Credential credential) => credential.Claims.KeyVersion == NamedUsername.KeyVersion;

    /// <returns>Null when the tenant has no such credential.</returns>
    public static Credential? Make(ReadOnlySpan<byte> username, in NamedUsername named, TenantEntry tenant)
    {
        if (named.ExpiresAt is not null)
        {
            return tenant.Policy.Snapshot.SharedSecrets.IsDefaultOrEmpty ? null : Credential.MakeNamed(username, named.RestClaims(username), tenant);
        }

        return tenant.Policy.FindCredential(Encoding.ASCII.GetString(username)) is { } known ? Credential.MakeNamed(username, Claims(known, tenant), tenant) : null;
    }

    /// <summary>The key the request is signed with, among those that the tenant has now.</summary>
    /// <returns>Null when none is it.</returns>
    public static IntegrityKey? FindKey(in StunMessage request, Credential credential, ReadOnlySpan<byte> realm, PasswordAlgorithmId algorithm)
    {
        var policy = credential.Tenant.Policy;
        if (policy.FindCredential(credential.Claims.Token) is { } known)
        {
            return new IntegrityKey(algorithm == PasswordAlgorithmId.Sha256 ? known.Sha256Key : known.Md5Key);
        }

        if (credential.Claims.ExpiresAt == NamedUsername.Never)
        {
            return null;
        }

        foreach (var secret in policy.Snapshot.SharedSecrets)
        {
            var key = Derive(secret, credential.Username, realm, algorithm);
            if (request.HasMessageIntegritySha256 ? request.CheckMessageIntegritySha256(key) : request.CheckMessageIntegrity(key))
            {
                return key;
            }
        }

        return null;
    }

    private static IntegrityKey Derive(SigningKey secret, ReadOnlySpan<byte> username, ReadOnlySpan<byte> realm, PasswordAlgorithmId algorithm)
    {
        var password = Encoding.ASCII.GetBytes(NamedUsername.RestPassword(secret.Secret, username));
        Span<byte> key = stackalloc byte[LongTermKey.Sha256Size];
        if (algorithm == PasswordAlgorithmId.Sha256)
        {
            LongTermKey.DeriveSha256(username, realm, password, key);
            return new IntegrityKey(key);
        }

        LongTermKey.DeriveMd5(username, realm, password, key);
        return new IntegrityKey(key[..LongTermKey.Md5Size]);
    }

    private static CredentialClaims Claims(StaticCredential known, TenantEntry tenant) => new()
    {
        Tenant = tenant.Id,
        KeyVersion = NamedUsername.KeyVersion,
        Token = known.Id,
        IssuedAt = known.CreatedAt,
        ExpiresAt = NamedUsername.Never,
        Label = known.Label.Length > 0 ? known.Label : null,
    };
}
