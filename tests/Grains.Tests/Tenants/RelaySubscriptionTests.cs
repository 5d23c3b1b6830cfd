using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Tests.Cluster;
using NetDiscovery.Grains.Tests.Relays;
using NetDiscovery.TestKit;

namespace NetDiscovery.Grains.Tests.Tenants;

[Collection(GrainCluster.Clock)]
public sealed class RelaySubscriptionTests(GrainCluster cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Relays_that_fetched_the_snapshot_hear_of_each_change_and_others_do_not()
    {
        var (subscriber, stranger) = (await cluster.NewRelayAsync(), await cluster.NewRelayAsync());
        var (id, tenant) = await cluster.NewTenantAsync();
        await tenant.GetSnapshotAsync(subscriber.Id);

        await tenant.SetStatusAsync(TenantStatus.Suspended);
        await HeardAsync(subscriber, id, (await tenant.GetSnapshotAsync(null))!.Version);
        await tenant.SetStatusAsync(TenantStatus.Active);
        await tenant.RevokeTokenAsync(TokenId.New(), cluster.Time.GetUtcNow().AddHours(9));
        await HeardAsync(subscriber, id, (await tenant.GetSnapshotAsync(null))!.Version);
        Assert.Empty((await stranger.BeatAsync()).Commands);
    }

    [Fact]
    public async Task Relays_hear_that_a_parent_is_no_longer_active()
    {
        var relay = await cluster.NewRelayAsync();
        var (parent, parentGrain) = await cluster.NewTenantAsync();
        var (child, childGrain) = await cluster.NewTenantAsync(parent);
        await childGrain.GetSnapshotAsync(relay.Id);
        await parentGrain.SetStatusAsync(TenantStatus.Closed);
        await HeardAsync(relay, child, (await childGrain.GetSnapshotAsync(null))!.Version);
    }

    [Fact]
    public async Task Subscriptions_outlive_the_activation_that_took_them()
    {
        var relay = await cluster.NewRelayAsync();
        var (id, tenant) = await cluster.NewTenantAsync();
        await tenant.GetSnapshotAsync(relay.Id);
        await cluster.ForgetAsync(tenant);
        await tenant.RotateSigningKeyAsync();
        await HeardAsync(relay, id, 2);
    }

    [Fact]
    public async Task A_subscription_that_could_not_be_stored_holds_all_the_same_and_is_stored_with_the_next()
    {
        var relay = await cluster.NewRelayAsync();
        var (id, tenant) = await cluster.NewTenantAsync();
        cluster.Storage.FailNextWrites("tenant-subscribers", GrainKeys.Tenant(id));
        Assert.NotNull(await tenant.GetSnapshotAsync(relay.Id));
        await tenant.RotateSigningKeyAsync();
        await HeardAsync(relay, id, 2);

        await tenant.GetSnapshotAsync(relay.Id);
        await cluster.ForgetAsync(tenant);
        await tenant.RotateSigningKeyAsync();
        await HeardAsync(relay, id, 3);
    }

    [Fact]
    public async Task A_subscription_is_stored_once_in_half_its_term_and_ends_after_an_hour()
    {
        var relay = await cluster.NewRelayAsync();
        var (id, tenant) = await cluster.NewTenantAsync();
        await tenant.GetSnapshotAsync(relay.Id);
        await tenant.GetSnapshotAsync(relay.Id);
        Assert.Equal(1, cluster.Storage.Writes("tenant-subscribers", GrainKeys.Tenant(id)));

        cluster.Time.Advance(TimeSpan.FromMinutes(31));
        await tenant.GetSnapshotAsync(relay.Id);
        Assert.Equal(2, cluster.Storage.Writes("tenant-subscribers", GrainKeys.Tenant(id)));

        cluster.Time.Advance(TimeSpan.FromMinutes(61));
        await tenant.RotateSigningKeyAsync();
        await tenant.GetSnapshotAsync(relay.Id);
        await tenant.RotateSigningKeyAsync();
        await HeardAsync(relay, id, 3);
        Assert.Single((await relay.BeatAsync()).Commands);
    }

    [Fact]
    public async Task A_relay_that_cannot_be_told_does_not_fail_the_change()
    {
        var (_, tenant) = await cluster.NewTenantAsync();
        await tenant.GetSnapshotAsync(FakeGrainStorage.UnreadableKey);
        Assert.Equal(TenantChange.Done, await tenant.SetStatusAsync(TenantStatus.Suspended));
        Assert.Equal(TenantStatus.Suspended, (await tenant.GetAsync())!.Status);
    }

    private static async Task HeardAsync(TestRelay relay, TenantId tenant, long version)
    {
        ImmutableArray<SequencedCommand> commands = [];
        await Eventually.EventuallyAsync(
            async () =>
            {
                commands = (await relay.BeatAsync()).Commands;
                return commands.Any(command => command.Command == new RefreshTenant(tenant, version));
            },
            Patience,
            $"relay {relay.Id} hears of version {version}");
        Assert.Single(commands, command => command.Command is RefreshTenant refresh && refresh.Tenant == tenant);
    }
}
