using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Relays;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.ControlPlane;

public sealed class ControlPlaneTests
{
    [Fact]
    public async Task An_allocations_life_is_told_in_order_with_exact_totals()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        var allocated = await client.AllocateAsync();
        await client.BindChannelAsync(peer.Address);
        await client.SendAsync(peer.Address, new byte[100]);
        await peer.ReceiveAsync();
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<UsageObserved>().Any(usage => usage.Totals.BytesToPeer == 100), "usage of a live allocation");
        await client.RefreshAsync(700);
        await client.RefreshAsync(0);
        await RelayFixture.UntilAsync(() => relay.Server.Services.Reporter.Unconfirmed == 0, "confirmation");

        var events = relay.Cluster.Events;
        var opened = Assert.IsType<AllocationOpened>(events[0]);
        Assert.Equal(1, opened.Sequence);
        Assert.Equal(relay.Tenant.Id, opened.Tenant);
        Assert.Equal((client.Local.Port, relay.Options.Port), (opened.FiveTuple.Client.Port, opened.FiveTuple.Server.Port));
        Assert.Equal(allocated.Relayed.ToString(), Assert.Single(opened.RelayedTransportAddresses).ToString());
        Assert.Equal(("local", "relay-under-test"), (opened.Region, opened.RelayId));
        Assert.Single(events.OfType<PermissionInstalled>());
        Assert.Equal(peer.Address.ToString(), Assert.Single(events.OfType<ChannelBound>()).Peer.ToString());
        var closed = Assert.IsType<AllocationClosed>(events[^1]);
        Assert.Equal(AllocationCloseReason.Deleted, closed.Reason);
        Assert.Equal((100, 1), (closed.Totals.BytesToPeer, closed.Totals.PacketsToPeer));
        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Sequence));
        await RelayFixture.UntilAsync(() => relay.Server.Services.Journal.InUse == 0, "the journal slot is free again");
    }

    [Fact]
    public async Task Cluster_away_loses_no_opening_usage_or_end()
    {
        await using var relay = RelayFixture.Start();
        await using var first = await relay.ConnectAsync();
        await first.AllocateAsync();
        await RelayFixture.UntilAsync(() => relay.Server.Connected, "registration");
        relay.Cluster.Reachable = false;
        for (var i = 0; i < 5; i++)
        {
            await using var client = await relay.ConnectAsync();
            await client.AllocateAsync();
            await client.RefreshAsync(0);
        }

        await RelayFixture.UntilAsync(() => !relay.Server.Connected, "the link to be seen as down");
        Assert.Equal(6, relay.Server.Services.Reporter.Unconfirmed);
        relay.Cluster.Reachable = true;
        await RelayFixture.UntilAsync(() => relay.Server.Services.Reporter.Unconfirmed == 1, "delivery of what waited");
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationOpened>().Count() == 6, "the openings, the live one's included");
        Assert.Equal(5, relay.Cluster.Events.OfType<AllocationClosed>().Count());
    }

    [Fact]
    public async Task What_the_start_made_is_moved_away_once_and_before_the_relay_says_that_it_is_ready()
    {
        await using var relay = RelayFixture.Start(start: false);
        var ready = new List<bool>();
        relay.BeforeReady = () => ready.Add(relay.Server.Connected);
        relay.StartServer();
        await RelayFixture.UntilAsync(() => relay.Server.Connected, "registration");
        relay.Cluster.Reachable = false;
        await RelayFixture.UntilAsync(() => !relay.Server.Connected, "the link to be seen as down");
        relay.Cluster.Reachable = true;
        await RelayFixture.UntilAsync(() => relay.Server.Connected, "the cluster to answer again");
        Assert.Equal([false], ready);
    }

    [Fact]
    public async Task Lost_answers_make_the_same_events_come_again_with_the_same_numbers()
    {
        await using var relay = RelayFixture.Start();
        relay.Cluster.AnswersToLose = 3;
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        await client.RefreshAsync(0);
        await RelayFixture.UntilAsync(() => relay.Server.Services.Reporter.Unconfirmed == 0, "confirmation");
        Assert.Equal(0, relay.Cluster.AnswersToLose);
        Assert.Single(relay.Cluster.Events.OfType<AllocationClosed>());
        Assert.Equal(relay.Cluster.Events.Count, relay.Cluster.Events.Select(e => e.Sequence).Distinct().Count());
    }

    [Fact]
    public async Task Grain_that_forgot_an_allocation_is_told_its_opening_again()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationOpened>().Any(), "the opening");
        relay.Cluster.Forget(relay.Cluster.Events[0].Allocation);
        await client.RefreshAsync(0);
        await RelayFixture.UntilAsync(() => relay.Server.Services.Reporter.Unconfirmed == 0, "confirmation");
        Assert.IsType<AllocationOpened>(relay.Cluster.Events[0]);
        Assert.IsType<AllocationClosed>(relay.Cluster.Events[^1]);
    }

    [Fact]
    public async Task Orderly_stop_reports_final_totals_before_it_ends()
    {
        await using var relay = RelayFixture.Start(stopWithin: TimeSpan.FromSeconds(60));
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        await client.AllocateAsync();
        await client.CreatePermissionAsync(peer.Address);
        await client.SendAsync(peer.Address, new byte[7]);
        await peer.ReceiveAsync();
        await relay.StopAsync();
        var closed = Assert.Single(relay.Cluster.Events.OfType<AllocationClosed>());
        Assert.Equal((AllocationCloseReason.RelayStopped, 7), (closed.Reason, closed.Totals.BytesToPeer));
    }

    [Fact]
    public async Task Stop_without_cluster_leaves_the_end_to_the_next_start()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationOpened>().Any(), "the opening");
        relay.Cluster.Reachable = false;
        await relay.StopAsync();
        relay.Cluster.Reachable = true;
        relay.StartServer();
        await RelayFixture.UntilAsync(() => relay.Server.Services.Reporter.Unconfirmed == 0, "confirmation");
        Assert.Equal(AllocationCloseReason.RelayStopped, Assert.Single(relay.Cluster.Events.OfType<AllocationClosed>()).Reason);
        await RelayFixture.UntilAsync(() => relay.Server.Services.Journal.InUse == 0, "the journal slot is free again");
    }

    [Fact]
    public async Task Suspended_tenants_allocations_end_within_a_heartbeat()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        relay.Cluster.Change(relay.Tenant.Id, snapshot => snapshot with { Status = TenantStatus.Suspended });
        await RelayFixture.UntilAsync(() => relay.Server.Allocations == 0, "the end of the allocation");
        var refusal = await Assert.ThrowsAsync<StunErrorException>(() => client.AllocateAsync());
        Assert.Equal((401, "Tenant not active"), (refusal.Code, refusal.Reason));
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationClosed>().Any(e => e.Reason == AllocationCloseReason.TenantInactive), "the report");
        relay.Cluster.Change(relay.Tenant.Id, snapshot => snapshot with { Status = TenantStatus.Active });
        await RelayFixture.UntilAsync(() => relay.Server.Services.Tenants.TryGet(relay.Tenant.Id, out var entry) && entry.Policy.Snapshot.Version == 3, "the tenant to be active again");
        await client.AllocateAsync();
    }

    [Fact]
    public async Task Revoked_token_is_cut_and_others_are_not()
    {
        await using var relay = RelayFixture.Start();
        var revoked = relay.Mint();
        await using var first = await relay.ConnectAsync(credential: revoked);
        await using var second = await relay.ConnectAsync();
        await first.AllocateAsync();
        await second.AllocateAsync();
        relay.Cluster.Change(relay.Tenant.Id, snapshot => snapshot with { RevokedTokens = [revoked.Claims.Token] });
        await RelayFixture.UntilAsync(() => relay.Server.Allocations == 1, "the end of the revoked one");
        Assert.Equal("Credential revoked", (await Assert.ThrowsAsync<StunErrorException>(() => first.AllocateAsync())).Reason);
        await second.RefreshAsync(600);
    }

    [Fact]
    public async Task Revoked_label_is_cut_up_to_its_time_and_later_tokens_are_good()
    {
        await using var relay = RelayFixture.Start();
        var now = DateTimeOffset.UtcNow;
        await using var old = await relay.ConnectAsync(credential: relay.Tenant.Mint(now.AddSeconds(-60), label: "phone"));
        await using var young = await relay.ConnectAsync(credential: relay.Tenant.Mint(now.AddSeconds(60), label: "phone"));
        await old.AllocateAsync();
        await young.AllocateAsync();
        relay.Cluster.Change(relay.Tenant.Id, snapshot => snapshot with { RevokedLabels = snapshot.RevokedLabels.SetItem("phone", now) });
        await RelayFixture.UntilAsync(() => relay.Server.Allocations == 1, "the end of the older one");
        await young.RefreshAsync(600);
    }

    [Fact]
    public async Task Peers_a_tenant_comes_to_deny_are_cut_off_and_refused()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        using var denied = new Peer(System.Net.IPAddress.Parse("127.0.0.5"));
        using var allowed = new Peer(System.Net.IPAddress.Parse("127.0.0.6"));
        await client.AllocateAsync();
        await client.BindChannelAsync(denied.Address);
        await client.CreatePermissionAsync(allowed.Address);
        relay.Cluster.Change(relay.Tenant.Id, snapshot => snapshot with { Discovery = snapshot.Discovery with { Peers = new PeerRules { Deny = ["127.0.0.5/32"] } } });
        await RelayFixture.UntilAsync(() => relay.Server.Services.Tenants.TryGet(relay.Tenant.Id, out var entry) && entry.Policy.Snapshot.Version == 2, "the new rules");
        await RelayFixture.UntilAsync(() => relay.SingleAllocation().Peers.Permissions.Count(permission => permission.ExpiresTick == 0) == 1, "the permission's end");
        await client.SendAsync(denied.Address, new byte[] { 1 });
        await client.SendAsync(allowed.Address, new byte[] { 2 });
        Assert.Equal([2], (await allowed.ReceiveAsync()).Data);
        Assert.True(denied.IsQuiet);
        Assert.Equal(403, await client.PermitCodeAsync(denied.Address));
    }

    [Fact]
    public async Task Cut_command_ends_one_allocation_and_is_confirmed()
    {
        await using var relay = RelayFixture.Start();
        await using var first = await relay.ConnectAsync();
        await using var second = await relay.ConnectAsync();
        await first.AllocateAsync();
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationOpened>().Any(), "the opening");
        await second.AllocateAsync();
        relay.Cluster.Command(new CutAllocation(relay.Cluster.Events[0].Allocation));
        await RelayFixture.UntilAsync(() => relay.Server.Allocations == 1, "the cut");
        await RelayFixture.UntilAsync(() => relay.Cluster.LastHeartbeat?.CommandsDone == 1, "the confirmation");
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationClosed>().Any(e => e.Reason == AllocationCloseReason.Cut), "the report");
        await second.RefreshAsync(600);
    }

    [Fact]
    public async Task Relay_announces_where_clients_reach_it()
    {
        await using var relay = RelayFixture.Start(options => options.PublicName = "turn.example.org");
        await RelayFixture.UntilAsync(() => relay.Cluster.Announcement is not null, "the registration");
        var announcement = relay.Cluster.Announcement!;
        Assert.All(announcement.Listeners, listener => Assert.Equal("turn.example.org", listener.Host));
        Assert.Equal(
            [(Transport.Udp, relay.Options.Port), (Transport.Tcp, relay.Options.Port), (Transport.Tls, relay.Options.TlsPort), (Transport.Dtls, relay.Options.TlsPort)],
            announcement.Listeners.Select(listener => (listener.Transport, listener.Port)));
        Assert.Equal(16_384, announcement.Capacity);
        Assert.Equal(["127.0.0.1"], announcement.RelayedAddresses);
        relay.Cluster.Command(new SetDraining(true));
        await RelayFixture.UntilAsync(() => relay.Cluster.LastHeartbeat?.Draining == true, "the drain");
    }
}
