using System.Globalization;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Interfaces;

/// <summary>The one place where grain keys are made.</summary>
/// <remarks>
/// Orleans' relational storage normalises string keys that parse as numbers or GUIDs, so two keys can become one row.
/// Every key therefore starts with a letter and a slash, which neither a number nor a GUID has; keys are compared exactly.
/// </remarks>
public static class GrainKeys
{
    /// <summary>How many ingest grains a region spreads control events over.</summary>
    public const int IngestShards = 64;

    /// <summary>How many usage grains a tenant's reports are spread over.</summary>
    public const int UsageShards = 8;

    /// <summary>How many grains keep the answers of one caller's repeatable requests.</summary>
    public const int IdempotencyPlaces = 256;

    /// <summary>Key of <see cref="Tenants.ITenantGrain"/>.</summary>
    public static string Tenant(TenantId id) => Key('t', id.Value);

    /// <summary>Key of <see cref="Tenants.IApiKeyGrain"/>.</summary>
    public static string ApiKey(ApiKeyId id) => Key('k', id.Value);

    /// <summary>Key of <see cref="Allocations.IAllocationGrain"/>.</summary>
    public static string Allocation(AllocationId id) => Key('l', id.Value);

    /// <summary>Key of <see cref="Sessions.ISessionGrain"/>. The region is part of the id, so it is part of the key.</summary>
    public static string Session(SessionId id) => $"{Key('s', id.Value)}.{id.Region}";

    /// <summary>Key of <see cref="Relays.IRelayGrain"/>. Relay ids differ by case.</summary>
    public static string Relay(string relayId) => "r/" + relayId;

    /// <summary>Key of <see cref="Relays.IRelayDirectoryGrain"/>.</summary>
    public static string RelayDirectory(string region) => "g/" + region;

    /// <summary>Key of <see cref="Allocations.IControlEventGrain"/> for an allocation's events; its events always meet the same shard, which keeps their order.</summary>
    public static string Ingest(AllocationId id) => Ingest(IngestShard(id));

    /// <summary>Key of an <see cref="Allocations.IControlEventGrain"/> that hands on what was observed of a session and others: any shard would do.</summary>
    public static string Ingest(SessionId id) => Ingest(Shard(id.Value, IngestShards));

    /// <summary>Key of <see cref="Allocations.IControlEventGrain"/> number <paramref name="shard"/>, 0 to <see cref="IngestShards"/> − 1.</summary>
    public static string Ingest(int shard) => string.Create(CultureInfo.InvariantCulture, $"i/{shard}");

    /// <summary>The shard behind a key made by <see cref="Ingest(int)"/>.</summary>
    public static int IngestOf(string key) =>
        key.StartsWith("i/", StringComparison.Ordinal) && int.TryParse(key.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var shard) && shard < IngestShards
            ? shard
            : throw WrongKey(key);

    /// <summary>The shard an allocation's events go to.</summary>
    public static int IngestShard(AllocationId id) => Shard(id.Value, IngestShards);

    /// <summary>Key of <see cref="Usage.IUsageGrain"/> for the reports of one source.</summary>
    public static string Usage(TenantId tenant, Guid sourceId) =>
        string.Create(CultureInfo.InvariantCulture, $"u/{tenant.Value:N}/{Shard(sourceId, UsageShards)}");

    /// <summary>Key of <see cref="Allowances.IAllowanceGrain"/> for the tenant's allocations alive at once.</summary>
    public static string Allowance(TenantId tenant) => Key('q', tenant.Value) + "/allocations";

    /// <summary>Key of <see cref="Allowances.IAllowanceGrain"/> for a credential's allocations alive at once.</summary>
    public static string CredentialAllowance(TenantId tenant, TokenId token) =>
        string.Create(CultureInfo.InvariantCulture, $"{Key('q', tenant.Value)}/credential/{token.Value:N}");

    /// <summary>Key of <see cref="Allowances.IAllowanceGrain"/> for the tenant's relayed bytes of the calendar month (UTC) of <paramref name="at"/>.</summary>
    public static string ByteAllowance(TenantId tenant, DateTimeOffset at) =>
        string.Create(CultureInfo.InvariantCulture, $"{Key('q', tenant.Value)}/bytes/{at.UtcDateTime:yyyy-MM}");

    /// <summary>Key of <see cref="Allowances.IAllowanceGrain"/> for the tenant's bits per second.</summary>
    public static string RateAllowance(TenantId tenant) => Key('q', tenant.Value) + "/rate";

    /// <summary>Key of <see cref="ICallbackGrain"/> for the events of one subject.</summary>
    public static string Callbacks(TenantId tenant, CallbackSubject kind, Guid subject) => CallbacksOf(tenant, kind) + subject.ToString("N");

    /// <summary>What the keys made by <see cref="Callbacks"/> for a tenant's subjects of one kind begin with.</summary>
    public static string CallbacksOf(TenantId tenant, CallbackSubject kind) => $"{CallbacksOf(tenant)}{Letter(kind)}/";

    /// <summary>What all keys made by <see cref="Callbacks"/> for a tenant begin with.</summary>
    public static string CallbacksOf(TenantId tenant) => Key('c', tenant.Value) + '/';

    /// <summary>Key of <see cref="Usage.IUsageTriggerGrain"/>.</summary>
    public static string UsageTriggers(TenantId tenant) => Key('x', tenant.Value);

    /// <summary>Key of <see cref="Idempotency.IIdempotencyGrain"/>.</summary>
    /// <param name="caller">Whose requests; null for the operator's.</param>
    /// <param name="request">Stands for the request; evenly spread.</param>
    public static string Idempotency(TenantId? caller, Guid request) => string.Create(
        CultureInfo.InvariantCulture, $"{(caller is { } tenant ? Key('y', tenant.Value) : "y/operator")}/{Shard(request, IdempotencyPlaces)}");

    /// <summary>The tenant behind a key made by <see cref="UsageTriggers"/>.</summary>
    public static TenantId UsageTriggersOf(string key) => new(ValueOf(key, 'x'));

    /// <summary>The tenant behind a key made by <see cref="Callbacks"/>.</summary>
    public static TenantId CallbackTenantOf(string key) => new(key.Length == 69 && key[34] == '/' ? ValueOf(key[..34], 'c') : throw WrongKey(key));

    /// <returns>True for keys of <see cref="Allowances.IAllowanceGrain"/>.</returns>
    public static bool IsAllowance(string? key) =>
        key is { Length: > 35 and <= 96 } && key.StartsWith("q/", StringComparison.Ordinal) && key[34] == '/' && Guid.TryParseExact(key.AsSpan(2, 32), "N", out _);

    /// <returns>True for keys made by <see cref="CredentialAllowance"/>.</returns>
    public static bool IsCredentialAllowance(string key) => key.AsSpan(34).StartsWith("/credential/", StringComparison.Ordinal);

    /// <summary>Key of <see cref="Tenants.ITenantReplicationGrain"/> for what comes from a control region.</summary>
    public static string Replication(string region) => "f/" + region;

    /// <summary>The region behind a key made by <see cref="Replication"/>.</summary>
    public static string ReplicationOf(string key) => key.StartsWith("f/", StringComparison.Ordinal) ? key[2..] : throw WrongKey(key);

    /// <summary>The tenant behind a key made by <see cref="Tenant"/>.</summary>
    public static TenantId TenantOf(string key) => new(ValueOf(key, 't'));

    /// <summary>The API key behind a key made by <see cref="ApiKey"/>.</summary>
    public static ApiKeyId ApiKeyOf(string key) => new(ValueOf(key, 'k'));

    /// <summary>The allocation behind a key made by <see cref="Allocation"/>.</summary>
    public static AllocationId AllocationOf(string key) => new(ValueOf(key, 'l'));

    /// <summary>The relay id behind a key made by <see cref="Relay"/>.</summary>
    public static string RelayOf(string key) => key.StartsWith("r/", StringComparison.Ordinal) ? key[2..] : throw WrongKey(key);

    internal static char Letter(CallbackSubject kind) => kind == CallbackSubject.Session ? 's' : 'u';

    private static Guid ValueOf(string key, char prefix) =>
        key.Length == 34 && key[0] == prefix && key[1] == '/' && Guid.TryParseExact(key.AsSpan(2), "N", out var value) ? value : throw WrongKey(key);

    private static ArgumentException WrongKey(string key) => new($"'{key}' is not a key of this kind; make keys with {nameof(GrainKeys)}.", nameof(key));

    private static string Key(char prefix, Guid value) => string.Create(CultureInfo.InvariantCulture, $"{prefix}/{value:N}");

    private static int Shard(Guid value, int shards)
    {
        // The last byte is random in every kind of GUID made here; GetHashCode is not promised to be the same across processes.
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        return bytes[15] % shards;
    }
}
