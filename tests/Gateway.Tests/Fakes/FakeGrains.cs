using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Idempotency;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Interfaces.Usage;

namespace NetDiscovery.Gateway.Tests.Fakes;

internal sealed class FakeTenantGrain(FakeCluster cluster, string key) : ITenantGrain
{
    private readonly Lock gate = new();
    private readonly List<(ApiKey Key, byte[] Hash)> keys = [];
    private readonly List<SigningKey> signing = [new(1, Enumerable.Repeat((byte)7, 32).ToArray(), DateTimeOffset.UnixEpoch)];
    private byte[] authTokenHash = [];
    private DiscoveryConfiguration discovery = DiscoveryConfiguration.Default;
    private ImmutableArray<TokenId> revoked = [];
    private ImmutableSortedDictionary<string, DateTimeOffset> revokedLabels = ImmutableSortedDictionary<string, DateTimeOffset>.Empty;

    public Tenant? Tenant { get; private set; }

    public Task<Tenant?> CreateAsync(CreateTenant request) => Do(() =>
    {
        if (Tenant is null)
        {
            Tenant = new Tenant(GrainKeys.TenantOf(key), request.Name, TenantStatus.Active, request.Parent, TimeProvider.System.GetUtcNow());
            authTokenHash = request.AuthTokenHash;
        }

        return authTokenHash.AsSpan().SequenceEqual(request.AuthTokenHash) ? Tenant : null;
    });

    public Task<Tenant?> GetAsync() => Do(() => Tenant);

    public Task<Tenant?> AuthenticateAsync(ApiKeyId? id, byte[] secretHash)
    {
        Interlocked.Increment(ref cluster.Authentications);
        return Do(() =>
        {
            var hash = id is null ? authTokenHash : keys.FirstOrDefault(pair => pair.Key.Id == id).Hash;
            return hash is not null && hash.AsSpan().SequenceEqual(secretHash) ? Tenant : null;
        });
    }

    public Task<TenantChange> SetStatusAsync(TenantStatus status) => Change(() => Tenant = Tenant! with { Status = status });

    public Task ParentChangedAsync() => Task.CompletedTask;

    public Task<ApiKeyChange> AddKeyAsync(ApiKeyId id, string name, byte[] secretHash) => Do(() =>
    {
        var known = keys.FirstOrDefault(pair => pair.Key.Id == id).Key;
        if (known is null)
        {
            keys.Add((known = new ApiKey(id, name, TimeProvider.System.GetUtcNow()), secretHash));
            cluster.GetGrain<IApiKeyGrain>(GrainKeys.ApiKey(id)).BindAsync(Tenant!.Id).GetAwaiter().GetResult();
        }

        return new ApiKeyChange(TenantChange.Done, known);
    });

    public Task<bool> RemoveKeyAsync(ApiKeyId id) => Do(() => keys.RemoveAll(pair => pair.Key.Id == id) > 0);

    public Task<ApiKey?> RenameKeyAsync(ApiKeyId id, string name) => throw new NotSupportedException();

    public Task<ImmutableArray<ApiKey>> ListKeysAsync() => Do(() => keys.Select(pair => pair.Key).ToImmutableArray());

    public Task<TenantChange> AddCredentialAsync(StaticCredential credential) => throw new NotSupportedException();

    public Task<bool> RemoveCredentialAsync(TokenId id) => throw new NotSupportedException();

    public Task<ImmutableArray<StaticCredential>> ListCredentialsAsync() => throw new NotSupportedException();

    public Task<uint> RotateSharedSecretAsync(byte[] secret) => throw new NotSupportedException();

    public Task<uint> RotateCallbackSecretAsync(byte[] secret) => throw new NotSupportedException();

    public Task EnsureCallbackSecretAsync() => throw new NotSupportedException();

    public Task<CallbackTarget?> GetCallbackTargetAsync() => throw new NotSupportedException();

    public Task<uint> RotateSigningKeyAsync() => Do(() =>
    {
        var version = signing[0].Version + 1;
        signing.Insert(0, new SigningKey(version, Enumerable.Repeat((byte)version, 32).ToArray(), DateTimeOffset.UnixEpoch));
        return version;
    });

    public Task<DiscoveryConfiguration?> GetDiscoveryAsync() => Do(() => Tenant is null ? null : discovery);

    public Task<DiscoveryChange> PutDiscoveryAsync(DiscoveryConfiguration configuration, long? expectedVersion) => Do(() =>
    {
        if (expectedVersion is not null && expectedVersion != discovery.Version)
        {
            return new DiscoveryChange(DiscoveryChangeOutcome.VersionConflict, discovery);
        }

        discovery = configuration with { Version = discovery.Version + 1 };
        return new DiscoveryChange(DiscoveryChangeOutcome.Stored, discovery);
    });

    public Task<TenantChange> RevokeTokenAsync(TokenId token, DateTimeOffset expiresAt) => Change(() => revoked = revoked.Add(token));

    public Task<TenantChange> RevokeHereAsync(TokenId token, DateTimeOffset expiresAt) => RevokeTokenAsync(token, expiresAt);

    public Task<bool> ReplicateAsync(TenantReplica replica) => throw new NotSupportedException();

    public Task<TenantChange> RevokeLabelAsync(string label) => Change(() => revokedLabels = revokedLabels.SetItem(label, TimeProvider.System.GetUtcNow()));

    public Task<TenantSnapshot?> GetSnapshotAsync(string? subscriberRelayId)
    {
        Interlocked.Increment(ref cluster.Snapshots);
        return Do(() => Tenant is null ? null : new TenantSnapshot(Tenant.Id, 1, Tenant.Status, [.. signing], discovery, revoked, revokedLabels));
    }

    private Task<TenantChange> Change(Action change) => Do(() =>
    {
        if (Tenant is null or { Status: TenantStatus.Closed })
        {
            return Tenant is null ? TenantChange.NotFound : TenantChange.Closed;
        }

        change();
        return TenantChange.Done;
    });

    private async Task<T> Do<T>(Func<T> work)
    {
        await Task.Yield();
        cluster.Check();
        lock (gate)
        {
            return work();
        }
    }
}

internal sealed class FakeApiKeyGrain(FakeCluster cluster) : IApiKeyGrain
{
    private TenantId? owner;

    public Task<bool> BindAsync(TenantId tenant)
    {
        owner = tenant;
        return Task.FromResult(true);
    }

    public Task UnbindAsync(TenantId tenant)
    {
        owner = null;
        return Task.CompletedTask;
    }

    public async Task<TenantId?> GetTenantAsync()
    {
        await Task.Yield();
        cluster.Check();
        return owner;
    }
}

internal sealed class FakeTenantQueryGrain(FakeCluster cluster) : ITenantQueryGrain
{
    public async Task<ImmutableArray<Tenant>> ListAsync(TenantId? parent, TenantId? after, int limit)
    {
        await Task.Yield();
        cluster.Check();
        return [.. cluster.Tenants.Select(grain => grain.Tenant).OfType<Tenant>().Where(tenant => parent is null || tenant.Parent == parent)
            .OrderBy(tenant => tenant.Id.ToString(), StringComparer.Ordinal)
            .Where(tenant => after is null || string.CompareOrdinal(tenant.Id.ToString(), after.ToString()) > 0).Take(limit)];
    }
}

internal sealed class FakeRelayDirectoryGrain(FakeCluster cluster) : IRelayDirectoryGrain
{
    public Task ReportAsync(RelayStatus status) => Task.CompletedTask;

    public async Task<ImmutableArray<RelayStatus>> ListAsync()
    {
        await Task.Yield();
        cluster.Check();
        return [.. cluster.Relays];
    }
}

internal sealed class FakeUsageGrain(FakeCluster cluster) : IUsageGrain
{
    public async Task RecordAsync(ImmutableArray<UsageReport> reports)
    {
        await Task.Yield();
        cluster.Check();
        foreach (var report in reports)
        {
            cluster.Usage.Enqueue(report);
        }
    }
}

/// <summary>Keeps nothing: every request is its caller's to answer.</summary>
internal sealed class FakeIdempotencyGrain(FakeCluster cluster) : IIdempotencyGrain
{
    public async Task<RequestClaim> BeginAsync(Guid request, byte[] fingerprint, Guid claimant)
    {
        await Task.Yield();
        cluster.Check();
        return new RequestClaim(RequestClaimOutcome.Claimed);
    }

    public Task CompleteAsync(Guid request, byte[] fingerprint, byte[] sealedAnswer) => Task.CompletedTask;

    public Task ReleaseAsync(Guid request, Guid claimant) => Task.CompletedTask;
}
