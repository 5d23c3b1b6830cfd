using System.Collections.Immutable;
using System.Security.Cryptography;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Tenants;

/// <summary>The changes a tenant can go through, as functions from state to state. A change of nothing returns the state it got.</summary>
/// <remarks>A change of anything in the snapshot raises <see cref="TenantState.Version"/> and drops what time has made meaningless.</remarks>
internal static class TenantChanges
{
    /// <summary>No token lives longer (<see cref="TokenTtl.Max"/>).</summary>
    public static readonly TimeSpan LongestTokenTtl = TimeSpan.FromHours(48);

    /// <summary>API keys of one tenant.</summary>
    public const int MaxApiKeys = 1_000;

    /// <summary>Signing keys kept: the newest and those before it.</summary>
    public const int MaxSigningKeys = 17;

    /// <summary>Static credentials of one tenant.</summary>
    public const int MaxCredentials = 1_000;

    /// <summary>Shared secrets kept: relays try them one after the other.</summary>
    public const int MaxSharedSecrets = 3;

    /// <summary>Revoked tokens, and revoked labels, remembered at a time.</summary>
    public const int MaxRevocations = 10_000;

    /// <summary>A tenant's first state.</summary>
    public static TenantState Create(TenantId id, CreateTenant request, DateTimeOffset now) => new()
    {
        Tenant = new Tenant(id, request.Name, TenantStatus.Active, request.Parent, now),
        AuthTokenHash = request.AuthTokenHash,
        SigningKeys = [new SigningKey(1, RandomNumberGenerator.GetBytes(32), now)],
        Version = 1,
    };

    /// <summary>Sets the tenant's own status; closed is final.</summary>
    public static (TenantState Next, TenantChange Outcome) SetStatus(this TenantState state, TenantStatus status, DateTimeOffset now)
    {
        if (state.Tenant is null)
            return (state, TenantChange.NotFound);
        if (state.Tenant.Status == TenantStatus.Closed && status != TenantStatus.Closed)
            return (state, TenantChange.Closed);
        return (state.WithStatus(status, state.ParentStatus, now), TenantChange.Done);
    }

    /// <summary>Takes over the parent's status in effect.</summary>
    public static TenantState SetParentStatus(this TenantState state, TenantStatus parent, DateTimeOffset now) =>
        state.Tenant is null ? state : state.WithStatus(state.OwnStatus, parent, now);

    /// <summary>Adds an API key.</summary>
    public static (TenantState Next, ApiKeyChange Change) AddKey(
        this TenantState state, ApiKeyId id, string name, byte[] secretHash, DateTimeOffset now)
    {
        if (state.Refusal() is { } refusal)
            return (state, new ApiKeyChange(refusal, null));

        if (state.ApiKeys.FirstOrDefault(key => key.Key.Id == id) is { } known)
        {
            return CryptographicOperations.FixedTimeEquals(known.SecretHash, secretHash)
                ? (state, new ApiKeyChange(TenantChange.Done, known.Key))
                : (state, new ApiKeyChange(TenantChange.Conflict, null));
        }

        if (state.ApiKeys.Length >= MaxApiKeys)
            return (state, new ApiKeyChange(TenantChange.LimitReached, null));

        var key = new ApiKey(id, name, now);
        return (state with { ApiKeys = state.ApiKeys.Add(new StoredApiKey(key, secretHash)) }, new ApiKeyChange(TenantChange.Done, key));
    }

    /// <summary>Removes an API key.</summary>
    public static (TenantState Next, bool Removed) RemoveKey(this TenantState state, ApiKeyId id)
    {
        var rest = state.ApiKeys.RemoveAll(key => key.Key.Id == id);
        return rest.Length == state.ApiKeys.Length ? (state, false) : (state with { ApiKeys = rest }, true);
    }

    /// <summary>Gives an API key another name.</summary>
    public static (TenantState Next, ApiKey? Key) RenameKey(this TenantState state, ApiKeyId id, string name)
    {
        if (state.ApiKeys.FirstOrDefault(key => key.Key.Id == id) is not { } known)
            return (state, null);

        var renamed = known with { Key = known.Key with { Name = name } };
        return (state with { ApiKeys = state.ApiKeys.Replace(known, renamed) }, renamed.Key);
    }

    /// <summary>Puts a new signing key in front.</summary>
    public static (TenantState Next, uint Version) RotateSigningKey(this TenantState state, DateTimeOffset now)
    {
        if (state.Refusal() is not null)
            return (state, 0);

        var version = state.SigningKeys[0].Version + 1;
        var keys = state.SigningKeys.Insert(0, new SigningKey(version, RandomNumberGenerator.GetBytes(32), now));
        return ((state with { SigningKeys = keys }).Changed(now), version);
    }

    /// <summary>Replaces the discovery configuration if <paramref name="expectedVersion"/> is in force.</summary>
    public static (TenantState Next, DiscoveryChange Change) PutDiscovery(
        this TenantState state, DiscoveryConfiguration configuration, long? expectedVersion, DateTimeOffset now)
    {
        switch (state.Refusal())
        {
            case TenantChange.Closed:
                return (state, new DiscoveryChange(DiscoveryChangeOutcome.Closed, state.Discovery));
            case not null:
                return (state, new DiscoveryChange(DiscoveryChangeOutcome.NotFound, null));
        }

        // The same request again, after an answer that got lost, finds its own work under the next version.
        var current = state.Discovery;
        var equal = StateJson.Same(current, configuration with { Version = current.Version });
        if (equal && (expectedVersion is null || expectedVersion == current.Version || expectedVersion + 1 == current.Version))
            return (state, new DiscoveryChange(DiscoveryChangeOutcome.Stored, current));
        if (expectedVersion is not null && expectedVersion != current.Version)
            return (state, new DiscoveryChange(DiscoveryChangeOutcome.VersionConflict, current));

        var next = configuration with { Version = current.Version + 1 };
        return ((state with { Discovery = next }).Changed(now), new DiscoveryChange(DiscoveryChangeOutcome.Stored, next));
    }

    /// <summary>Revokes a token until it would have ended anyway.</summary>
    public static (TenantState Next, TenantChange Outcome) RevokeToken(this TenantState state, TokenId token, DateTimeOffset expiresAt, DateTimeOffset now)
    {
        if (state.Refusal() is { } refusal)
            return (state, refusal);
        var (revoked, outcome) = Revoke(state.RevokedTokens, token, expiresAt, now);
        return (revoked is { } next ? (state with { RevokedTokens = next }).Changed(now) : state, outcome);
    }

    /// <summary>Revokes a token in this region alone.</summary>
    public static (TenantState Next, TenantChange Outcome) RevokeHere(this TenantState state, TokenId token, DateTimeOffset expiresAt, DateTimeOffset now)
    {
        if (state.Refusal() is { } refusal)
            return (state, refusal);
        var (revoked, outcome) = Revoke(state.RevokedHere, token, expiresAt, now);
        return (revoked is { } next ? (state with { RevokedHere = next }).Changed(now) : state, outcome);
    }

    /// <summary>Version of what other regions take over. Before there were regions it was <see cref="TenantState.Version"/>.</summary>
    public static long RevisionOf(this TenantState state) => state.Revision == 0 ? state.Version : state.Revision;

    /// <summary>Takes over what the control region has, when it is newer. What was revoked in this region alone stays; who changed it is told there.</summary>
    public static TenantState Replicate(this TenantState state, TenantState control, DateTimeOffset now) =>
        state.Tenant is not null && control.RevisionOf() <= state.RevisionOf()
            ? state
            : (control with
            {
                Revision = control.RevisionOf(),
                Version = Math.Max(state.Version, control.Version),
                RevokedHere = state.RevokedHere,
                Audit = [],
                SubAccountsBehind = false,
            }).Changed(now);

    /// <summary>Revokes the tokens of a label issued up to now.</summary>
    public static (TenantState Next, TenantChange Outcome) RevokeLabel(this TenantState state, string label, DateTimeOffset now)
    {
        if (state.Refusal() is { } refusal)
            return (state, refusal);

        var labels = LiveLabels(state, now);
        if (labels.Count >= MaxRevocations && !labels.ContainsKey(label))
            return (state, TenantChange.LimitReached);
        return ((state with { RevokedLabels = labels.SetItem(label, now) }).Changed(now), TenantChange.Done);
    }

    /// <summary>Adds a static credential.</summary>
    public static (TenantState Next, TenantChange Outcome) AddCredential(this TenantState state, StaticCredential credential, DateTimeOffset now)
    {
        if (state.Refusal() is { } refusal)
            return (state, refusal);
        if (state.Credentials.FirstOrDefault(known => known.Id == credential.Id || known.Username == credential.Username) is { } taken)
        {
            // The same request again, after an answer that got lost.
            return (state, StateJson.Same(taken, credential with { CreatedAt = taken.CreatedAt }) ? TenantChange.Done : TenantChange.Conflict);
        }

        return state.Credentials.Length >= MaxCredentials
            ? (state, TenantChange.LimitReached)
            : ((state with { Credentials = state.Credentials.Add(credential with { CreatedAt = now }) }).Changed(now), TenantChange.Done);
    }

    /// <summary>Removes a static credential.</summary>
    public static (TenantState Next, bool Removed) RemoveCredential(this TenantState state, TokenId id, DateTimeOffset now)
    {
        var rest = state.Credentials.RemoveAll(known => known.Id == id);
        return rest.Length == state.Credentials.Length ? (state, false) : ((state with { Credentials = rest }).Changed(now), true);
    }

    /// <summary>Puts a new shared secret in front.</summary>
    public static (TenantState Next, uint Version) RotateSharedSecret(this TenantState state, byte[] secret, DateTimeOffset now)
    {
        if (state.Refusal() is not null)
            return (state, 0);
        if (!state.SharedSecrets.IsEmpty && CryptographicOperations.FixedTimeEquals(state.SharedSecrets[0].Secret, secret))
            return (state, state.SharedSecrets[0].Version);

        var version = state.SharedSecrets.IsEmpty ? 1 : state.SharedSecrets[0].Version + 1;
        return ((state with { SharedSecrets = state.SharedSecrets.Insert(0, new SigningKey(version, secret, now)) }).Changed(now), version);
    }

    /// <summary>Puts a new secret for callbacks in front. No part of the snapshot: its version stays.</summary>
    public static (TenantState Next, uint Version) RotateCallbackSecret(this TenantState state, byte[] secret, DateTimeOffset now)
    {
        if (state.Refusal() is not null)
            return (state, 0);
        if (!state.CallbackSecrets.IsEmpty && CryptographicOperations.FixedTimeEquals(state.CallbackSecrets[0].Secret, secret))
            return (state, state.CallbackSecrets[0].Version);

        var version = state.CallbackSecrets.IsEmpty ? 1 : state.CallbackSecrets[0].Version + 1;
        var secrets = state.CallbackSecrets.Insert(0, new SigningKey(version, secret, now));
        return (state with { CallbackSecrets = Live(secrets, MaxSharedSecrets, now) }, version);
    }

    /// <summary>Where events go now; null when there is no such tenant or it is closed.</summary>
    public static CallbackTarget? Target(this TenantState state, DateTimeOffset now) => state.Refusal() is not null
        ? null
        : new CallbackTarget(state.Discovery.Callbacks.EventUrl, Live(state.CallbackSecrets, MaxSharedSecrets, now));

    /// <summary>The snapshot of now; null when there is no such tenant.</summary>
    public static TenantSnapshot? Snapshot(this TenantState state, DateTimeOffset now) => state.Tenant is null ? null : new TenantSnapshot(
        state.Tenant.Id,
        state.Version,
        state.Tenant.Status,
        LiveSigningKeys(state, now),
        state.Discovery,
        [.. LiveTokens(state.RevokedTokens, now).Concat(LiveTokens(state.RevokedHere, now)).Select(revoked => revoked.Token)],
        LiveLabels(state, now))
    {
        Revision = state.RevisionOf(),
        Credentials = state.Credentials,
        SharedSecrets = LiveSharedSecrets(state, now),
    };

    private static TenantState WithStatus(this TenantState state, TenantStatus own, TenantStatus parent, DateTimeOffset now)
    {
        if (own == state.OwnStatus && parent == state.ParentStatus)
            return state;

        var next = state with { OwnStatus = own, ParentStatus = parent };
        var inEffect = own > parent ? own : parent;
        return inEffect == state.Tenant!.Status
            ? next
            : (next with { Tenant = state.Tenant with { Status = inEffect }, SubAccountsBehind = true }).Changed(now);
    }

    private static TenantChange? Refusal(this TenantState state) => state.Tenant?.Status switch
    {
        null => TenantChange.NotFound,
        TenantStatus.Closed => TenantChange.Closed,
        _ => null,
    };

    private static TenantState Changed(this TenantState state, DateTimeOffset now) => state with
    {
        Version = state.Version + 1,
        SigningKeys = LiveSigningKeys(state, now),
        SharedSecrets = LiveSharedSecrets(state, now),
        RevokedTokens = LiveTokens(state.RevokedTokens, now),
        RevokedHere = LiveTokens(state.RevokedHere, now),
        RevokedLabels = LiveLabels(state, now),
    };

    // A key's last token was minted just before the next newer key was made.
    private static ImmutableArray<SigningKey> LiveSigningKeys(TenantState state, DateTimeOffset now) => Live(state.SigningKeys, MaxSigningKeys, now);

    private static ImmutableArray<SigningKey> LiveSharedSecrets(TenantState state, DateTimeOffset now) => Live(state.SharedSecrets, MaxSharedSecrets, now);

    private static ImmutableArray<SigningKey> Live(ImmutableArray<SigningKey> keys, int max, DateTimeOffset now) =>
        [.. keys.Where((_, index) => index == 0 || keys[index - 1].CreatedAt + LongestTokenTtl > now).Take(max)];

    private static ImmutableArray<RevokedToken> LiveTokens(ImmutableArray<RevokedToken> tokens, DateTimeOffset now) => tokens.RemoveAll(revoked => revoked.ExpiresAt <= now);

    /// <returns>The list with the token in it; null when nothing changes.</returns>
    private static (ImmutableArray<RevokedToken>? Next, TenantChange Outcome) Revoke(ImmutableArray<RevokedToken> tokens, TokenId token, DateTimeOffset expiresAt, DateTimeOffset now)
    {
        if (expiresAt <= now || tokens.Any(revoked => revoked.Token == token && revoked.ExpiresAt >= expiresAt))
            return (null, TenantChange.Done);

        var others = tokens.RemoveAll(revoked => revoked.Token == token || revoked.ExpiresAt <= now);
        return others.Length >= MaxRevocations
            ? (null, TenantChange.LimitReached)
            : (others.Insert(others.Count(revoked => revoked.ExpiresAt <= expiresAt), new RevokedToken(token, expiresAt)), TenantChange.Done);
    }

    private static ImmutableSortedDictionary<string, DateTimeOffset> LiveLabels(TenantState state, DateTimeOffset now) =>
        state.RevokedLabels.RemoveRange(state.RevokedLabels.Where(label => label.Value + LongestTokenTtl <= now).Select(label => label.Key));
}
