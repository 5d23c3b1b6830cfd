using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Audit;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Tenants;

/// <inheritdoc cref="ITenantGrain"/>
/// <remarks>
/// Changes run one at a time and are stored before the answer; reads interleave and see only what is stored, so a slow store does not stop
/// authentication. Sub-accounts: a change of the status in effect is stored together with <see cref="TenantState.SubAccountsBehind"/>, which
/// stays set until every sub-account has read it anew; a repeated call or the next activation goes on where a crash left it.
/// Each change that other regions take over raises <see cref="TenantState.Revision"/>, by which the store notes it in its feed, in the same statement.
/// </remarks>
[GrainType("tenant")]
public sealed partial class TenantGrain : Grain, ITenantGrain
{
    private const int PageSize = 500;
    private const int NotifyAttempts = 3;
    private static readonly TimeSpan NotifyPause = TimeSpan.FromMilliseconds(500);

    private readonly CommittedState<TenantState> state;
    private readonly RelaySubscribers subscribers;
    private readonly Retirement retirement;
    private readonly ITenantIndex index;
    private readonly RegionRole role;
    private readonly TimeProvider time;
    private readonly ILogger<TenantGrain> logger;

    public TenantGrain(
        [PersistentState("tenant", StorageNames.Default)] IPersistentState<TenantState> stored,
        [PersistentState("tenant-subscribers", StorageNames.Default)] IPersistentState<TenantSubscribersState> storedSubscribers,
        ITenantIndex index,
        IOptions<RegionRole> role,
        TimeProvider time,
        ILogger<TenantGrain> logger)
    {
        state = new CommittedState<TenantState>(stored);
        subscribers = new RelaySubscribers(storedSubscribers, time, exception => SubscribersNotStored(Id, exception));
        retirement = new Retirement(this, () => state.Value.Tenant is null);
        this.index = index;
        this.role = role.Value;
        this.time = time;
        this.logger = logger;
    }

    private TenantId Id => GrainKeys.TenantOf(this.GetPrimaryKeyString());

    private DateTimeOffset Now => time.GetUtcNow();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (state.Value.SubAccountsBehind)
            this.RegisterGrainTimer(TellSubAccountsAsync, new GrainTimerCreationOptions(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        return Task.CompletedTask;
    }

    public async Task<Tenant?> CreateAsync(CreateTenant request)
    {
        if (Existing() is null)
        {
            if (request.Parent is { } parent && await Parent(parent).GetAsync() is not { Status: TenantStatus.Active })
                return null;
            await AuditedAsync(AuditActions.TenantCreated, "", _ => request.Name, current => (current.Tenant is null ? TenantChanges.Create(Id, request, Now) : current, true));
        }

        if (!CryptographicOperations.FixedTimeEquals(state.Value.AuthTokenHash, request.AuthTokenHash))
            return null;

        // The parent's status may have changed while it did not know of this sub-account yet: read it once more now that it can.
        await ParentChangedAsync();
        return state.Value.Tenant;
    }

    public Task<Tenant?> GetAsync() => Task.FromResult(Existing());

    public Task<Tenant?> AuthenticateAsync(ApiKeyId? key, byte[] secretHash)
    {
        var tenant = Existing();
        var expected = key is null ? state.Value.AuthTokenHash : state.Value.ApiKeys.FirstOrDefault(known => known.Key.Id == key)?.SecretHash;
        var proven = expected is { Length: > 0 } && CryptographicOperations.FixedTimeEquals(expected, secretHash);
        return Task.FromResult(proven ? tenant : null);
    }

    public async Task<TenantChange> SetStatusAsync(TenantStatus status)
    {
        var outcome = await AuditedAsync(AuditActions.TenantStatusChanged, "", _ => status.ToString().ToLowerInvariant(), current => current.SetStatus(status, Now));
        await TellSubAccountsAsync(CancellationToken.None);
        return outcome;
    }

    public async Task ParentChangedAsync()
    {
        if (state.Value.Tenant?.Parent is not { } parent)
            return;

        var status = (await Parent(parent).GetAsync())?.Status ?? TenantStatus.Closed;
        await ChangeAsync(current => (current.SetParentStatus(status, Now), true));
        await TellSubAccountsAsync(CancellationToken.None);
    }

    public async Task<ApiKeyChange> AddKeyAsync(ApiKeyId id, string name, byte[] secretHash)
    {
        RequireControl();
        var (_, preview) = state.Value.AddKey(id, name, secretHash, Now);
        if (preview.Outcome != TenantChange.Done)
            return preview;

        // Bound first: a key that the tenant knows can always be found, and one bound in vain authenticates nobody.
        if (!await GrainFactory.GetGrain<IApiKeyGrain>(GrainKeys.ApiKey(id)).BindAsync(Id))
            return new ApiKeyChange(TenantChange.Conflict, null);
        return await AuditedAsync(AuditActions.KeyCreated, id.ToString(), _ => name, current => current.AddKey(id, name, secretHash, Now));
    }

    public async Task<bool> RemoveKeyAsync(ApiKeyId id)
    {
        var removed = await AuditedAsync(AuditActions.KeyRemoved, id.ToString(), _ => NameOf(id), current => current.RemoveKey(id));
        await GrainFactory.GetGrain<IApiKeyGrain>(GrainKeys.ApiKey(id)).UnbindAsync(Id);
        return removed;
    }

    public Task<ApiKey?> RenameKeyAsync(ApiKeyId id, string name) =>
        AuditedAsync(AuditActions.KeyRenamed, id.ToString(), _ => name, current => current.RenameKey(id, name));

    public Task<ImmutableArray<ApiKey>> ListKeysAsync() => Task.FromResult<ImmutableArray<ApiKey>>([.. state.Value.ApiKeys.Select(key => key.Key)]);

    public Task<uint> RotateSigningKeyAsync() => AuditedAsync(AuditActions.SigningKeyRotated, "", VersionOf, current => current.RotateSigningKey(Now));

    public Task<TenantChange> AddCredentialAsync(StaticCredential credential) =>
        AuditedAsync(AuditActions.CredentialCreated, credential.Id.ToString(), _ => credential.Username, current => current.AddCredential(credential, Now));

    public Task<bool> RemoveCredentialAsync(TokenId id) =>
        AuditedAsync(AuditActions.CredentialRemoved, id.ToString(), _ => UsernameOf(id), current => current.RemoveCredential(id, Now));

    public Task<ImmutableArray<StaticCredential>> ListCredentialsAsync() => Task.FromResult(state.Value.Credentials);

    public Task<uint> RotateSharedSecretAsync(byte[] secret) => AuditedAsync(AuditActions.SharedSecretRotated, "", VersionOf, current => current.RotateSharedSecret(secret, Now));

    public Task<uint> RotateCallbackSecretAsync(byte[] secret) => AuditedAsync(AuditActions.CallbackSecretRotated, "", VersionOf, current => current.RotateCallbackSecret(secret, Now));

    public Task EnsureCallbackSecretAsync() => AuditedAsync(
        AuditActions.CallbackSecretRotated, "", VersionOf, current => current.CallbackSecrets.IsEmpty ? current.RotateCallbackSecret(RandomNumberGenerator.GetBytes(32), Now) : (current, 0u));

    public Task<CallbackTarget?> GetCallbackTargetAsync()
    {
        retirement.Consider();
        return Task.FromResult(state.Value.Target(Now));
    }

    public Task<DiscoveryConfiguration?> GetDiscoveryAsync() => Task.FromResult(Existing() is null ? null : state.Value.Discovery);

    public Task<DiscoveryChange> PutDiscoveryAsync(DiscoveryConfiguration configuration, long? expectedVersion) =>
        AuditedAsync(
            AuditActions.DiscoveryChanged, "", change => string.Create(CultureInfo.InvariantCulture, $"version {change.Configuration?.Version}"),
            current => current.PutDiscovery(configuration, expectedVersion, Now));

    public Task<TenantChange> RevokeTokenAsync(TokenId token, DateTimeOffset expiresAt) =>
        ChangeAsync(current => current.RevokeToken(token, expiresAt, Now));

    public Task<TenantChange> RevokeHereAsync(TokenId token, DateTimeOffset expiresAt) =>
        StoreAsync(current => current.RevokeHere(token, expiresAt, Now));

    public Task<TenantChange> RevokeLabelAsync(string label) => AuditedAsync(AuditActions.LabelRevoked, "", _ => label, current => current.RevokeLabel(label, Now));

    public async Task<TenantSnapshot?> GetSnapshotAsync(string? subscriberRelayId)
    {
        // Subscribed before the snapshot is taken: a change after it is always told.
        if (Existing() is not null && subscriberRelayId is not null)
            await subscribers.AddAsync(subscriberRelayId);
        return state.Value.Snapshot(Now);
    }

    public async Task<bool> ReplicateAsync(TenantReplica replica)
    {
        if (role.IsControl)
            return false;

        var control = JsonSerializer.Deserialize<TenantState>(replica.State, StateJson.Options)!;
        if (control.Tenant?.Id != Id)
            throw new ArgumentException("The copy is of another tenant.", nameof(replica));

        // Bound before the tenant knows them and unbound after, as where they were made.
        var (before, after) = (KeyIds(state.Value), KeyIds(control));
        await Task.WhenAll(after.Except(before).Select(key => GrainFactory.GetGrain<IApiKeyGrain>(GrainKeys.ApiKey(key)).BindAsync(Id)));
        await StoreAsync(current => (current.Replicate(control, Now), true));
        await Task.WhenAll(before.Except(KeyIds(state.Value)).Select(key => GrainFactory.GetGrain<IApiKeyGrain>(GrainKeys.ApiKey(key)).UnbindAsync(Id)));
        return true;
    }

    private static IReadOnlyList<ApiKeyId> KeyIds(TenantState state) => [.. state.ApiKeys.Select(key => key.Key.Id)];

    private ITenantGrain Parent(TenantId parent) => GrainFactory.GetGrain<ITenantGrain>(GrainKeys.Tenant(parent));

    private Tenant? Existing()
    {
        retirement.Consider();
        return state.Value.Tenant;
    }

    // What is stored before the change: afterwards nobody can say any more what it was.
    private string NameOf(ApiKeyId id) => state.Value.ApiKeys.FirstOrDefault(key => key.Key.Id == id)?.Key.Name ?? "";

    private string UsernameOf(TokenId id) => state.Value.Credentials.FirstOrDefault(credential => credential.Id == id)?.Username ?? "";

    private static string VersionOf(uint version) => string.Create(CultureInfo.InvariantCulture, $"version {version}");

    /// <summary>A change that is written down together with who asked for it.</summary>
    private Task<TResult> AuditedAsync<TResult>(string action, string subject, Func<TResult, string> detail, Func<TenantState, (TenantState Next, TResult Result)> change)
    {
        // Made once: the change may be tried twice.
        var (id, at, origin) = (Guid.NewGuid(), Now, ChangeOrigin.Current);
        return ChangeAsync(current =>
        {
            var (next, result) = change(current);
            return (ReferenceEquals(next, current) ? current : next with { Audit = [new AuditEntry(id, Id, at, action, subject, detail(result), origin)] }, result);
        });
    }

    private void RequireControl()
    {
        if (!role.IsControl)
            throw new ControlRegionRequiredException($"Tenants are written in the region '{role.Control}'.");
    }

    /// <summary>A change that other regions take over.</summary>
    private Task<TResult> ChangeAsync<TResult>(Func<TenantState, (TenantState Next, TResult Result)> change)
    {
        RequireControl();
        return StoreAsync(current =>
        {
            var (next, result) = change(current);
            return (ReferenceEquals(next, current) ? current : next with { Revision = current.RevisionOf() + 1 }, result);
        });
    }

    private async Task<TResult> StoreAsync<TResult>(Func<TenantState, (TenantState Next, TResult Result)> change)
    {
        var before = state.Value.Version;
        var result = await state.ChangeAsync(change);
        if (state.Value.Version != before)
        {
            foreach (var relayId in subscribers.Current())
                _ = NotifyAsync(relayId, new RefreshTenant(Id, state.Value.Version));
        }

        return result;
    }

    private async Task NotifyAsync(string relayId, RefreshTenant command)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (!await GrainFactory.GetGrain<IRelayGrain>(GrainKeys.Relay(relayId)).CommandAsync(command))
                    RelayQueueFull(Id, relayId);
                return;
            }
            catch (Exception exception)
            {
                if (attempt == NotifyAttempts)
                {
                    RelayNotNotified(Id, relayId, exception);
                    return;
                }
            }

            await Task.Delay(NotifyPause, time);
        }
    }

    private async Task TellSubAccountsAsync(CancellationToken cancellationToken)
    {
        if (!state.Value.SubAccountsBehind)
            return;

        TenantId? after = null;
        IReadOnlyList<Tenant> page;
        do
        {
            page = await index.ListAsync(Id, after, PageSize);
            await Task.WhenAll(page.Select(account => GrainFactory.GetGrain<ITenantGrain>(GrainKeys.Tenant(account.Id)).ParentChangedAsync()));
            after = page.Count == 0 ? null : page[^1].Id;
        }
        while (page.Count == PageSize && !cancellationToken.IsCancellationRequested);

        await state.ChangeAsync(current => (current with { SubAccountsBehind = false }, true));
    }
}
