using System.Text;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Authentication;

/// <summary>The long-term credential mechanism (RFC 8489 §9.2.4) over minted credentials. Belongs to one worker; asks nobody and never waits.</summary>
internal sealed class Authenticator(string realm, NonceIssuer nonces, TenantCache tenants)
{
    private readonly byte[] realm = Encoding.ASCII.GetBytes(realm);
    private readonly CredentialCache cache = new();

    /// <summary>REALM value.</summary>
    public ReadOnlySpan<byte> Realm => realm;

    /// <summary>Checks the credentials of a request.</summary>
    /// <param name="request">Any request.</param>
    /// <param name="client">Where it came from.</param>
    /// <param name="now">The present.</param>
    public AuthenticationOutcome Check(in StunMessage request, in TransportAddress client, DateTimeOffset now)
    {
        // 1. Without integrity there are no credentials.
        if (!request.HasMessageIntegrity && !request.HasMessageIntegritySha256)
        {
            return new AuthenticationOutcome(AuthenticationStatus.Missing);
        }

        // 2. Integrity asks for all the rest. Names are not hidden here (no user anonymity), so USERHASH names nobody.
        if (!request.TryFind(AttributeType.Realm, out var requestRealm) || !request.TryFind(AttributeType.Nonce, out var nonce))
        {
            return new AuthenticationOutcome(AuthenticationStatus.Malformed);
        }

        if (!request.TryFind(AttributeType.Username, out var username))
        {
            return new AuthenticationOutcome(request.Has(AttributeType.UserHash) ? AuthenticationStatus.Wrong : AuthenticationStatus.Malformed);
        }

        // 3. The nonce first: it costs one hash, and whoever has a good one does receive at its address.
        if (!nonces.IsFresh(nonce, client, now))
        {
            return new AuthenticationOutcome(AuthenticationStatus.StaleNonce);
        }

        // 4. Our nonces offer password algorithms: the client names list and choice, or neither; a changed list is an attack on the choice.
        if (!TryChooseAlgorithm(request, out var algorithm))
        {
            return new AuthenticationOutcome(AuthenticationStatus.Malformed);
        }

        // 5. Who is it?
        var status = FindCredential(username, client, out var credential, out var tenant);
        if (credential is null || !requestRealm.SequenceEqual(realm))
        {
            return new AuthenticationOutcome(status == AuthenticationStatus.Authenticated ? AuthenticationStatus.Wrong : status, Tenant: tenant);
        }

        // 6. Does it know the password?
        var policy = credential.Tenant.Policy;
        if (policy.FindKey(credential.Claims.KeyVersion) is not { } signingKey)
        {
            return new AuthenticationOutcome(AuthenticationStatus.NoLongerGood, Standing: CredentialStanding.KeyRetired);
        }

        var key = credential.KeyFor(signingKey, realm, algorithm);
        var usesSha256 = request.HasMessageIntegritySha256;
        if (!(usesSha256 ? request.CheckMessageIntegritySha256(key) : request.CheckMessageIntegrity(key)))
        {
            return new AuthenticationOutcome(AuthenticationStatus.Wrong);
        }

        cache.Add(credential);
        credential.Tenant.LastUsedUnixMilliseconds = now.ToUnixTimeMilliseconds();

        // 7. Is it still good, and here?
        var standing = policy.Judge(credential.Claims, now);
        status = standing != CredentialStanding.Good ? AuthenticationStatus.NoLongerGood
            : credential.AcceptsSource(client) ? AuthenticationStatus.Authenticated
            : AuthenticationStatus.WrongSource;
        return new AuthenticationOutcome(status, credential, key, usesSha256, standing);
    }

    /// <summary>Adds what a 401 or 438 carries: realm, a new nonce, the password algorithms.</summary>
    public void AddChallenge(ref StunWriter writer, in TransportAddress client, DateTimeOffset now)
    {
        writer.Add(AttributeType.Realm, realm);
        if (writer.TryReserve(AttributeType.Nonce, NonceIssuer.Size, out var nonce))
        {
            nonces.Write(client, now, nonce);
        }

        writer.Add(PasswordAlgorithms.Sha256ThenMd5);
    }

    private AuthenticationStatus FindCredential(ReadOnlySpan<byte> username, in TransportAddress client, out Credential? credential, out Grains.Interfaces.TenantId tenant)
    {
        tenant = default;
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

        if (!TurnCredential.TryDecode(username, out var claims))
        {
            return AuthenticationStatus.Wrong;
        }

        tenant = claims.Tenant;
        switch (tenants.Find(tenant, client, out var entry))
        {
            case TenantLookup.Known:
                credential = Credential.Make(username, claims, entry!);
                return AuthenticationStatus.Authenticated;
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
