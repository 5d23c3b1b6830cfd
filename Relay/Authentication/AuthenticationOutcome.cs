using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Protocol.Stun;

namespace NetDiscovery.Relay.Authentication;

/// <summary>How checking a request's credentials ended.</summary>
internal enum AuthenticationStatus
{
    /// <summary>Whoever sent it knows the password, and nothing stands against the credential.</summary>
    Authenticated,

    /// <summary>No credentials: 401 with realm and nonce.</summary>
    Missing,

    /// <summary>Half of the credentials, or a breach of the security-feature rules: 400.</summary>
    Malformed,

    /// <summary>The nonce is not (or no longer) good: 438 with a new one.</summary>
    StaleNonce,

    /// <summary>Unknown user or wrong password: 401.</summary>
    Wrong,

    /// <summary>The credential was good once: expired, revoked, its tenant not active, its key retired: 401 with the reason.</summary>
    NoLongerGood,

    /// <summary>The credential is bound to another source address: 403.</summary>
    WrongSource,

    /// <summary>The tenant is being asked for: keep the request and check it again.</summary>
    TenantPending,

    /// <summary>The tenant can't be had now: say nothing over UDP, 500 over a stream.</summary>
    TenantUnavailable,
}

/// <summary>The result of <see cref="Authenticator.Check"/>.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Credential">Set when the password was right.</param>
/// <param name="Key">Set when the password was right: signs the response.</param>
/// <param name="UsesSha256">The request carried MESSAGE-INTEGRITY-SHA256, and so must the response.</param>
/// <param name="Standing">What stands against the credential, for <see cref="AuthenticationStatus.NoLongerGood"/>.</param>
/// <param name="Tenant">Whom to wait for, for <see cref="AuthenticationStatus.TenantPending"/>.</param>
/// <param name="KnowsName">The client has proved a name that this relay can also find by USERHASH: its next nonce may say so.</param>
internal readonly record struct AuthenticationOutcome(
    AuthenticationStatus Status,
    Credential? Credential = null,
    IntegrityKey? Key = null,
    bool UsesSha256 = false,
    ControlPlane.CredentialStanding Standing = ControlPlane.CredentialStanding.Good,
    TenantId Tenant = default,
    bool KnowsName = false);
