using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Handlers;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Tests.Fixtures;
using FiveTuple = NetDiscovery.Relay.Allocations.FiveTuple;
using Transport = NetDiscovery.Grains.Interfaces.Addresses.Transport;

namespace NetDiscovery.Relay.Tests.Hostile;

/// <summary>Safety: usernames of made-up tenants make the relay ask and keep only so much.</summary>
public sealed class ForgedTenantTests
{
    [Fact]
    public async Task A_source_causes_only_so_many_questions_and_others_are_asked_for_all_the_same()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var (cache, cluster) = Cache(time);
        await AskForMadeUpTenantsAsync(cache, Stranger.Source(1), 1_000);
        Assert.Equal(TenantCache.QuestionsAtOnce, cluster.Snapshots);
        time.Advance(TimeSpan.FromSeconds(1));
        await AskForMadeUpTenantsAsync(cache, Stranger.Source(1), 1_000);
        Assert.Equal(TenantCache.QuestionsAtOnce + TenantCache.QuestionsPerSecond, cluster.Snapshots);
        await LearnAsync(cache, cluster, Stranger.Source(2));
    }

    [Fact]
    public async Task Ten_thousand_made_up_tenants_keep_no_real_one_out_for_longer_than_they_are_remembered()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var (cache, cluster) = Cache(time);
        for (var source = 0; source * TenantCache.QuestionsAtOnce < 2 * TenantCache.MaxRefusals; source++)
        {
            await AskForMadeUpTenantsAsync(cache, Stranger.Source(source + 10), TenantCache.QuestionsAtOnce);
        }

        Assert.InRange(cluster.Snapshots, TenantCache.MaxRefusals, TenantCache.MaxRefusals + (TenantCache.MaxRefusals / 10));
        Assert.Equal(TenantLookup.Unavailable, cache.Find(TenantId.New(), Stranger.Source(1), out _));
        time.Advance(TimeSpan.FromSeconds(3));
        await LearnAsync(cache, cluster, Stranger.Source(1));
    }

    [Fact]
    public void Held_requests_are_bounded_in_all_for_each_source_and_in_size()
    {
        var held = new HeldRequests();
        var server = TransportAddress.Parse("127.0.0.1:3478");
        Assert.False(held.TryAdd(TenantId.New(), new byte[HeldRequests.MaxSize + 1], new FiveTuple(Stranger.Source(1), server, Transport.Udp), null!));
        var kept = Enumerable.Range(0, 500).Count(i => held.TryAdd(TenantId.New(), new byte[100], new FiveTuple(Stranger.Source(1, (ushort)i), server, Transport.Udp), null!));
        Assert.Equal(HeldRequests.CapacityPerSource, kept);
        var tenant = TenantId.New();
        for (var i = 0; i < 5_000; i++)
        {
            held.TryAdd(tenant, new byte[100], new FiveTuple(Stranger.Source(i + 2), server, Transport.Udp), null!);
        }

        Assert.Equal(HeldRequests.Capacity, held.Count);
        Assert.Equal(HeldRequests.Capacity - HeldRequests.CapacityPerSource, held.Take(tenant).Count);
        Assert.True(held.TryAdd(tenant, new byte[100], new FiveTuple(Stranger.Source(2), server, Transport.Udp), null!));
    }

    [Fact]
    public void Credentials_kept_ready_are_bounded_however_many_a_tenant_mints()
    {
        var tenant = new TestTenant();
        var entry = new TenantEntry(tenant.Id, new TenantPolicy(tenant.Snapshot));
        var cache = new CredentialCache(64);
        for (var i = 0; i < 1_000; i++)
        {
            var username = System.Text.Encoding.ASCII.GetBytes(tenant.Mint(DateTimeOffset.UtcNow).Username);
            Assert.True(Grains.Interfaces.Credentials.TurnCredential.TryDecode(username, out var claims));
            cache.Add(Credential.Make(username, claims, entry));
            Assert.InRange(cache.Count, 1, 128);
        }
    }

    [Fact]
    public async Task A_flood_of_forged_usernames_harms_no_known_tenant()
    {
        // The clock stands still: however slow the forgers are, no more questions are granted.
        await using var relay = RelayFixture.Start(time: new FakeTimeProvider(DateTimeOffset.UtcNow));
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        var codes = new List<int>();
        for (var i = 0; i < 2 * TenantCache.QuestionsAtOnce; i++)
        {
            await using var forger = await relay.ConnectAsync(ClientTransport.Tcp, new TestTenant().Mint(DateTimeOffset.UtcNow));
            codes.Add((await forger.RequestAsync(StunMethod.Allocate, options: new RequestOptions { ThrowOnError = false })).ErrorCode);
        }

        // Unknown as long as this source may make the relay ask, then told to try again; silent over UDP.
        Assert.All(codes, code => Assert.Contains(code, new[] { 401, 500 }));
        Assert.Contains(500, codes);
        Assert.Equal(0, await client.CodeAsync(StunMethod.Refresh));
        Assert.Equal(1, relay.Server.Services.Tenants.Count);
    }

    private static (TenantCache Cache, FakeCluster Cluster) Cache(TimeProvider time)
    {
        var cluster = new FakeCluster();
        var store = new TenantStore(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), NullLogger<TenantStore>.Instance);
        return (new TenantCache(cluster, store, new ControlPlanePacing(), time, NullLogger<TenantCache>.Instance), cluster);
    }

    private static async Task AskForMadeUpTenantsAsync(TenantCache cache, TransportAddress source, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var tenant = TenantId.New();
            if (cache.Find(tenant, source, out _) != TenantLookup.Asking)
            {
                continue;
            }

            // Ten thousand of these: no pause between looks.
            for (var patience = Stopwatch.StartNew(); cache.Find(tenant, source, out _) != TenantLookup.Absent; await Task.Yield())
            {
                Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60), "No answer about a made-up tenant in 60 s");
            }
        }
    }

    private static async Task LearnAsync(TenantCache cache, FakeCluster cluster, TransportAddress source)
    {
        var real = new TestTenant();
        cluster.Put(real.Snapshot);
        Assert.Equal(TenantLookup.Asking, cache.Find(real.Id, source, out _));
        await RelayFixture.UntilAsync(() => cache.Find(real.Id, source, out _) == TenantLookup.Known, "the tenant");
    }
}
