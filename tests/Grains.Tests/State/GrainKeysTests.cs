using System.Globalization;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Callbacks;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Tests.State;

/// <summary>Relational storage normalises keys that parse as numbers or GUIDs; ours must not, and two ids must never share one.</summary>
public sealed class GrainKeysTests
{
    // Values whose digits alone would be a number, all zeros, and the same digits in another order.
    private static readonly Guid[] Values =
    [
        Guid.Empty,
        Guid.Parse("00000000000000000000000000000abc"),
        Guid.Parse("00000000000000000000000000000cba"),
        Guid.Parse("12345678901234567890123456789012"),
        Guid.Parse("ffffffffffffffffffffffffffffffff"),
        Guid.NewGuid(),
        Guid.CreateVersion7(),
    ];

    private static readonly string[] RelayIds = ["relay-1", "Relay-1", "abc", "ABC", "0abc", "42", "00000000000000000000000000000abc", "a", "A.example"];

    private static readonly string[] Regions = ["eu", "us", "abc", "a"];

    [Fact]
    public void No_key_parses_as_a_number_or_a_guid() => Assert.All(AllKeys(), entry =>
    {
        Assert.False(Guid.TryParse(entry.Key, out _), entry.Key);
        Assert.False(long.TryParse(entry.Key, NumberStyles.Any, CultureInfo.InvariantCulture, out _), entry.Key);
        Assert.False(long.TryParse(entry.Key, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out _), entry.Key);
        Assert.False(decimal.TryParse(entry.Key, NumberStyles.Any, CultureInfo.InvariantCulture, out _), entry.Key);
    });

    [Fact]
    public void Two_ids_never_share_a_key_of_any_kind()
    {
        var keys = AllKeys().ToList();
        Assert.Equal(keys.Count, keys.Select(entry => entry.Key).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void A_key_leads_back_to_its_id_and_to_no_other_kind()
    {
        foreach (var value in Values)
        {
            Assert.Equal(new TenantId(value), GrainKeys.TenantOf(GrainKeys.Tenant(new TenantId(value))));
            Assert.Equal(new ApiKeyId(value), GrainKeys.ApiKeyOf(GrainKeys.ApiKey(new ApiKeyId(value))));
            Assert.Equal(new AllocationId(value), GrainKeys.AllocationOf(GrainKeys.Allocation(new AllocationId(value))));
            Assert.Equal(new TenantId(value), GrainKeys.CallbackTenantOf(GrainKeys.Callbacks(new TenantId(value), CallbackSubject.Session, Guid.NewGuid())));
            Assert.Equal(new TenantId(value), GrainKeys.UsageTriggersOf(GrainKeys.UsageTriggers(new TenantId(value))));
            Assert.Throws<ArgumentException>(() => GrainKeys.CallbackTenantOf(GrainKeys.Tenant(new TenantId(value))));
            Assert.Throws<ArgumentException>(() => GrainKeys.TenantOf(GrainKeys.ApiKey(new ApiKeyId(value))));
            Assert.Throws<ArgumentException>(() => GrainKeys.AllocationOf(value.ToString("N")));
        }

        Assert.All(RelayIds, relayId => Assert.Equal(relayId, GrainKeys.RelayOf(GrainKeys.Relay(relayId))));
        Assert.Throws<ArgumentException>(() => GrainKeys.RelayOf("relay-1"));
        Assert.All(Regions, region => Assert.Equal(region, GrainKeys.ReplicationOf(GrainKeys.Replication(region))));
        Assert.Throws<ArgumentException>(() => GrainKeys.ReplicationOf("eu"));
        Assert.All(AllKeys(), entry => Assert.Equal(entry.Kind.EndsWith("allowance", StringComparison.Ordinal), GrainKeys.IsAllowance(entry.Key)));
        Assert.All(AllKeys().Where(entry => GrainKeys.IsAllowance(entry.Key)), entry => Assert.Equal(entry.Kind == "credential allowance", GrainKeys.IsCredentialAllowance(entry.Key)));
    }

    [Fact]
    public void Shards_are_within_range_and_all_used()
    {
        var random = new Random(7);
        var ids = Enumerable.Range(0, 10_000).Select(_ => new AllocationId(RandomGuid(random))).ToList();
        Assert.Equal(Enumerable.Range(0, GrainKeys.IngestShards), ids.Select(GrainKeys.IngestShard).Distinct().Order());
        Assert.Equal(GrainKeys.UsageShards, ids.Select(id => GrainKeys.Usage(new TenantId(Guid.Empty), id.Value)).Distinct().Count());
    }

    private static Guid RandomGuid(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }

    private static IEnumerable<(string Kind, string Key)> AllKeys() =>
    [
        .. Values.Select(value => ("tenant", GrainKeys.Tenant(new TenantId(value)))),
        .. Values.Select(value => ("api key", GrainKeys.ApiKey(new ApiKeyId(value)))),
        .. Values.Select(value => ("allocation", GrainKeys.Allocation(new AllocationId(value)))),
        .. Values.SelectMany(value => Regions.Select(region => ("session", GrainKeys.Session(new SessionId(value, region))))),
        .. RelayIds.Select(relayId => ("relay", GrainKeys.Relay(relayId))),
        .. Regions.Select(region => ("directory", GrainKeys.RelayDirectory(region))),
        .. Regions.Select(region => ("replication", GrainKeys.Replication(region))),
        .. Enumerable.Range(0, GrainKeys.IngestShards).Select(shard => ("ingest", GrainKeys.Ingest(shard))),
        .. Values.Select(value => ("allowance", GrainKeys.Allowance(new TenantId(value)))),
        .. Values.Select(value => ("credential allowance", GrainKeys.CredentialAllowance(new TenantId(value), new TokenId(value)))),
        .. Values.Select(value => ("byte allowance", GrainKeys.ByteAllowance(new TenantId(value), DateTimeOffset.UnixEpoch))),
        .. Values.Select(value => ("rate allowance", GrainKeys.RateAllowance(new TenantId(value)))),
        .. Values.SelectMany(value => Enum.GetValues<CallbackSubject>().Select(kind => ("callbacks", GrainKeys.Callbacks(new TenantId(value), kind, value)))),
        .. Values.Select(value => ("usage triggers", GrainKeys.UsageTriggers(new TenantId(value)))),
        .. Values.Select(value => ("idempotency", GrainKeys.Idempotency(new TenantId(value), Guid.Empty))),
        .. Enumerable.Range(0, GrainKeys.IdempotencyPlaces).Select(place => ("idempotency of the operator", GrainKeys.Idempotency(null, new Guid([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)place])))),
        .. Values.Select(value => ("usage", GrainKeys.Usage(new TenantId(value), Guid.Empty))),
    ];
}
