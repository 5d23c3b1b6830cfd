using System.Text;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Authentication;

/// <summary>The long-term credential mechanism (RFC 8489 §9.2.4) over minted credentials. Belongs to one worker; asks nobody and never waits.</summary>
internal sealed class Authenticator(string realm, NonceIssuer nonces, TenantCache tenants, KnownNames names, ThirdPartyAuthorization? thirdParty)
{
    private static readonly AttributeType[] TokenAttribute = [AttributeType.AccessToken];
    private readonly byte[] realm = Encoding.ASCII.GetBytes(realm);
    private readonly CredentialCache cache = new();

    /// <summary>REALM value.</summary>
    public ReadOnlySpan<byte> Realm => realm;

    /// <summary>What requests may carry here besides the usual.</summary>
    public ReadOnlySpan<AttributeType> Understood => thirdParty is null ? [] : TokenAttribute;

    /// <summary>Checks the credentials of a request.</summary>
    /// <param name="request">Any request.</param>
    /// <param name="client">Where it came from.</param>
    /// <param name="now">The present.</param>
    /// <param name="current">The credential of the allocation on its 5-tuple: a third party's token need not come with each request.</param>
    /// <param name="waited">True for a request that has waited for the cluster's answer: what is not known now is not there.</param>
    public AuthenticationOutcome Check(in StunMessage request, in TransportAddress client, DateTimeOffset now, Credential? current = null, bool waited = false)
    {
        // 1. Without integrity there are no credentials.
        if (!request.HasMessageIntegrity && !request.HasMessageIntegritySha256)
        {
            return new AuthenticationOutcome(AuthenticationStatus.Missing);
        }

        // 2. Integrity asks for all the rest.
        var named = request.TryFind(AttributeType.Username, out var username);
        var hashed = request.Find(out UserHash userHash);
        if (!request.TryFind(AttributeType.Realm, out var requestRealm) || !request.TryFind(AttributeType.Nonce, out var nonce)
            || (!named && hashed != AttributeStatus.Ok))
        {
            return new AuthenticationOutcome(AuthenticationStatus.Malformed);
        }

        // 3. The nonce first: it costs one hash, and whoever has a good one does receive at its address.
        var fresh = nonces.IsFresh(nonce, client, now, out var features);
        if (!named)
        {
            // Only names that proved themselves here can be found by their hash. A nonce that promised more (it outlived a restart) is stale.
            if (!names.TryFind(userHash.Hash, out var known))
            {
                return new AuthenticationOutcome(fresh && !features.HasFlag(SecurityFeatures.UserAnonymity) ? AuthenticationStatus.Wrong : AuthenticationStatus.StaleNonce);
            }

            username = known;
        }

        if (!fresh)
        {
            return new AuthenticationOutcome(AuthenticationStatus.StaleNonce, KnowsName: Proves(request, username));
        }

        // 4. Our nonces offer password algorithms: the client names list and choice, or neither; a changed list is an attack on the choice.
        if (!TryChooseAlgorithm(request, out var algorithm))
        {
            return new AuthenticationOutcome(AuthenticationStatus.Malformed);
        }

        // A third party's token brings its own key; one that was taken before is with the allocation.
        if (thirdParty is not null && request.Has(AttributeType.AccessToken))
        {
            return requestRealm.SequenceEqual(realm) ? CheckToken(request, username, client, now) : new AuthenticationOutcome(AuthenticationStatus.Wrong);
        }

        if (current is { TokenKey: { } tokenKey } && requestRealm.SequenceEqual(realm) && username.SequenceEqual(current.Username))
        {
            return Finish(request, current, tokenKey, client, now);
        }

        // 5. Who is it?
        var status = FindCredential(username, client, out var credential, out var tenant);
        if (credential is null || !requestRealm.SequenceEqual(realm))
        {
            return new AuthenticationOutcome(status == AuthenticationStatus.Authenticated ? AuthenticationStatus.Wrong : status, Tenant: tenant);
        }

        // 6. Does it know the password?
        var policy = credential.Tenant.Policy;
        var signingKey = policy.FindKey(credential.Claims.KeyVersion);
        if (signingKey is null && !NamedCredentials.Covers(credential))
        {
            switch (tenants.FindNewer(credential.Tenant, credential.Claims.KeyVersion, client, waited))
            {
                case TenantLookup.Asking:
                    return new AuthenticationOutcome(AuthenticationStatus.TenantPending, Tenant: credential.Tenant.Id);
                case TenantLookup.Unavailable:
                    return new AuthenticationOutcome(AuthenticationStatus.TenantUnavailable, Tenant: credential.Tenant.Id);
            }

            // A newer policy may have come while the one before was being looked through.
            signingKey = credential.Tenant.Policy.FindKey(credential.Claims.KeyVersion);
            if (signingKey is null)
            {
                return new AuthenticationOutcome(AuthenticationStatus.NoLongerGood, Standing: CredentialStanding.KeyRetired);
            }
        }

        var key = signingKey is null ? NamedCredentials.FindKey(request, credential, realm, algorithm) : credential.KeyFor(signingKey, realm, algorithm);
        return key is null ? new AuthenticationOutcome(AuthenticationStatus.Wrong) : Finish(request, credential, key, client, now);
    }

    /// <summary>Adds what a 401 or 438 carries: realm, a new nonce, the password algorithms, the authorization server's name for this one.</summary>
    /// <param name="writer">The response.</param>
    /// <param name="client">Who will use the nonce.</param>
    /// <param name="now">The present.</param>
    /// <param name="knowsName">The client may hide its name from now on; only for one that has proved it, so that nobody learns which names are known.</param>
    public void AddChallenge(ref StunWriter writer, in TransportAddress client, DateTimeOffset now, bool knowsName)
    {
        writer.Add(AttributeType.Realm, realm);
        if (writer.TryReserve(AttributeType.Nonce, NonceIssuer.Size, out var nonce))
        {
            nonces.Write(client, now, SecurityFeatures.PasswordAlgorithms | (knowsName ? SecurityFeatures.UserAnonymity : 0), nonce);
        }

        writer.Add(PasswordAlgorithms.Sha256ThenMd5);
        if (thirdParty is not null)
        {
            writer.Add(AttributeType.ThirdPartyAuthorization, thirdParty.ServerName);
        }
    }

    private AuthenticationOutcome CheckToken(in StunMessage request, ReadOnlySpan<byte> keyId, in TransportAddress client, DateTimeOffset now)
    {
        if (request.Find(out AccessToken token) != AttributeStatus.Ok || !thirdParty!.TryOpen(keyId, token, now, out var claims, out var key, out var cutKey))
        {
            return new AuthenticationOutcome(AuthenticationStatus.Wrong);
        }

        if (!request.HasMessageIntegritySha256 && request.CheckMessageIntegrity(cutKey))
        {
            key = cutKey;
        }

        switch (tenants.Find(claims.Tenant, client, out var entry))
        {
            case TenantLookup.Known:
                return Finish(request, Credential.MakeOfToken(keyId, claims, entry!, key), key, client, now);
            case TenantLookup.Absent:
                return new AuthenticationOutcome(AuthenticationStatus.Wrong);
            case TenantLookup.Asking:
                return new AuthenticationOutcome(AuthenticationStatus.TenantPending, Tenant: claims.Tenant);
            default:
                return new AuthenticationOutcome(AuthenticationStatus.TenantUnavailable);
        }
    }

    private AuthenticationOutcome Finish(in StunMessage request, Credential credential, IntegrityKey key, in TransportAddress client, DateTimeOffset now)
    {
        if (!IsSignedWith(request, key))
        {
            return new AuthenticationOutcome(AuthenticationStatus.Wrong);
        }

        if (credential.TokenKey is null && cache.Add(credential))
        {
            names.Add(credential.Username);
        }

        credential.Tenant.LastUsedUnixMilliseconds = now.ToUnixTimeMilliseconds();

        // 7. Is it still good, and here?
        var standing = credential.Tenant.Policy.Judge(credential.Claims, now);
        var status = standing != CredentialStanding.Good ? AuthenticationStatus.NoLongerGood
            : credential.AcceptsSource(client) ? AuthenticationStatus.Authenticated
            : AuthenticationStatus.WrongSource;
        return new AuthenticationOutcome(status, credential, key, request.HasMessageIntegritySha256, standing);
    }

    /// <returns>True when the request is signed with the key of a name that was proved here before, whatever its nonce.</returns>
    private bool Proves(in StunMessage request, ReadOnlySpan<byte> username) =>
        TryChooseAlgorithm(request, out var algorithm)
        && cache.TryGet(username, out var credential)
        && (credential.Tenant.Policy.FindKey(credential.Claims.KeyVersion) is { } signingKey ? credential.KeyFor(signingKey, realm, algorithm)
            : NamedCredentials.Covers(credential) ? NamedCredentials.FindKey(request, credential, realm, algorithm) : null) is { } key
        && IsSignedWith(request, key);

    private static bool IsSignedWith(in StunMessage request, IntegrityKey key) =>
        request.HasMessageIntegritySha256 ? request.CheckMessageIntegritySha256(key) : request.CheckMessageIntegrity(key);

    private AuthenticationStatus FindCredential(ReadOnlySpan<byte> username, in TransportAddress client, out Credential? credential, out Grains.Interfaces.TenantId tenant)
    {
        tenant = default;
        var named = default(NamedUsername);
        if (cache.TryGet(username, out credential))
        {
            // The tenant may have been forgotten and learnt again meanwhile.
            if (tenants.TryGet(credential.Claims.Tenant, out var current) && ReferenceEquals(current, credential.Tenant))
            {
                return AuthenticationStatus.Authenticated;
            }

            cache.Remove(credential);
            credential = null;
        }

        // Claims in a username are for signing keys alone: whoever has a named credential must not choose his own.
        if (TurnCredential.TryDecode(username, out var claims) ? claims.KeyVersion == NamedUsername.KeyVersion : !NamedUsername.TryRead(username, out named))
        {
            return AuthenticationStatus.Wrong;
        }

        tenant = claims?.Tenant ?? named.Tenant;
        switch (tenants.Find(tenant, client, out var entry))
        {
            case TenantLookup.Known:
                credential = claims is null ? NamedCredentials.Make(username, named, entry!) : Credential.Make(username, claims, entry!);
                return credential is null ? AuthenticationStatus.Wrong : AuthenticationStatus.Authenticated;
            case TenantLookup.Absent:
                return AuthenticationStatus.Wrong;
            case TenantLookup.Asking:
                return AuthenticationStatus.TenantPending;
            default:
                return AuthenticationStatus.TenantUnavailable;
        }
    }

    private static bool TryChooseAlgorithm(in StunMessage request, out PasswordAlgorithmId algorithm)
    {
        algorithm = PasswordAlgorithmId.Md5;
        var list = request.Find(out PasswordAlgorithms offered);
        var choice = request.Find(out PasswordAlgorithm chosen);
        if (list == AttributeStatus.Absent && choice == AttributeStatus.Absent)
        {
            return true;
        }

        algorithm = chosen.Algorithm;
        return list == AttributeStatus.Ok && choice == AttributeStatus.Ok
            && offered.Wire.SequenceEqual(PasswordAlgorithms.Sha256ThenMd5.Wire)
            && (algorithm is PasswordAlgorithmId.Md5 or PasswordAlgorithmId.Sha256);
    }
}
