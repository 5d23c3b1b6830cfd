using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;
using TransportAddress = NetDiscovery.Relay.Protocol.TransportAddress;

namespace NetDiscovery.Relay.Tests.Allocations;

/// <summary>What a relay that was killed carries on when it is started again, while its clients do nothing.</summary>
public sealed class RestoreTests
{
    [Fact]
    public async Task Udp_allocation_goes_on_with_its_address_permissions_channels_and_counters()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        await using var client = await relay.ConnectAsync();
        using Peer bound = new(), permitted = new(IPAddress.Parse("127.0.0.7"));
        var relayed = (await client.AllocateAsync()).Relayed;
        await client.BindChannelAsync(bound.Address);
        await client.CreatePermissionAsync(permitted.Address);
        await EchoAsync(client, bound, relayed, 100);
        var id = relay.SingleAllocation().Id;

        await relay.CrashAsync();
        relay.StartServer();

        Assert.Equal(id, relay.SingleAllocation().Id);
        // A peer speaks first: the client has sent nothing since.
        await bound.SendAsync([1, 2, 3], relayed);
        Assert.Equal([1, 2, 3], (await client.NextAsync("data of a peer that speaks first")).Data.ToArray());
        await EchoAsync(client, bound, relayed, 50);
        await EchoAsync(client, permitted, relayed, 20);
        await client.RefreshAsync(0);
        await RelayFixture.UntilAsync(() => relay.Server.Services.Reporter.Unconfirmed == 0, "confirmation");

        var events = relay.Cluster.Events;
        Assert.Single(events.OfType<AllocationOpened>());
        var closed = Assert.Single(events.OfType<AllocationClosed>());
        Assert.Equal((AllocationCloseReason.Deleted, 170, 173), (closed.Reason, closed.Totals.BytesToPeer, closed.Totals.BytesFromPeer));
        Assert.Equal(events.Select(e => e.Sequence).Order(), events.Select(e => e.Sequence));
    }

    [Fact]
    public async Task Dual_allocation_goes_on_in_both_families_and_a_half_that_was_given_up_stays_away()
    {
        static void Both(RelayOptions options)
        {
            options.ListenAddresses = ["127.0.0.1", "::1"];
            options.AllowPeers = ["127.0.0.0/8", "::1/128"];
        }

        await using var relay = RelayFixture.Start(Both, restarts: true);
        await using var dual = await relay.ConnectAsync();
        await using var half = await relay.ConnectAsync();
        using Peer ipv4 = new(), ipv6 = new(IPAddress.IPv6Loopback);
        foreach (var client in new[] { dual, half })
        {
            Assert.Equal(0, await client.AllocateCodeAsync((ref StunWriter writer) => writer.Add(new AdditionalAddressFamily(Protocol.IPFamily.IPv6))));
        }

        await dual.BindChannelAsync(ipv4.Address);
        await dual.BindChannelAsync(ipv6.Address);
        Assert.Equal(0, await half.CodeAsync(StunMethod.Refresh, (ref StunWriter writer) =>
        {
            writer.Add(new Lifetime(0));
            writer.Add(new RequestedAddressFamily(Protocol.IPFamily.IPv4));
        }));

        await relay.CrashAsync();
        relay.StartServer();

        Assert.Equal(2, relay.Server.Allocations);
        foreach (var peer in new[] { ipv4, ipv6 })
        {
            await dual.SendAsync(peer.Address, new byte[] { 7 });
            Assert.Equal([7], (await peer.ReceiveAsync()).Data);
        }

        Assert.Equal(443, await half.PermitCodeAsync(ipv4.Address));
        Assert.Equal(0, await half.PermitCodeAsync(ipv6.Address));
    }

    [Fact]
    public async Task Two_clients_of_one_relay_still_meet()
    {
        await using var relay = RelayFixture.Start(options => options.AllowPeers = [], restarts: true);
        await using var first = await relay.ConnectAsync();
        await using var second = await relay.ConnectAsync();
        var (a, b) = ((await first.AllocateAsync()).Relayed, (await second.AllocateAsync()).Relayed);
        await first.BindChannelAsync(b);
        await second.BindChannelAsync(a);

        await relay.CrashAsync();
        relay.StartServer();

        await first.SendAsync(b, new byte[] { 42 });
        Assert.Equal([42], (await second.NextAsync("the first client's data")).Data.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Another_number_of_workers_loses_no_client(int workers)
    {
        var count = 2;
        await using var relay = RelayFixture.Start(options => options.Workers = count, restarts: true);
        using var peer = new Peer();
        var clients = new List<TurnClient>();
        for (var i = 0; i < 12; i++)
        {
            clients.Add(await relay.ConnectAsync());
            await clients[i].AllocateAsync();
            await clients[i].BindChannelAsync(peer.Address);
        }

        await relay.CrashAsync();
        count = workers;
        relay.StartServer();

        Assert.Equal(12, relay.Server.Allocations);
        foreach (var client in clients)
        {
            await client.SendAsync(peer.Address, new byte[] { 1 });
            var (_, from) = await peer.ReceiveAsync();
            await peer.SendAsync([2], from);
            Assert.Equal([2], (await client.NextAsync("the peer's answer")).Data.ToArray());
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Tcp_allocation_ends_with_its_connection_and_final_totals()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        await using var client = await relay.ConnectAsync(ClientTransport.Tcp);
        using var peer = new Peer();
        await client.AllocateAsync();
        await client.CreatePermissionAsync(peer.Address);
        await client.SendAsync(peer.Address, new byte[9]);
        await peer.ReceiveAsync();

        // The datagram is counted when the send returns, which may be after the peer has it.
        await RelayFixture.UntilAsync(() => relay.SingleAllocation().Counters.BytesToPeer == 9, "the datagram is counted");
        await relay.CrashAsync();
        relay.StartServer();

        await RelayFixture.UntilAsync(() => relay.Server.Services.Reporter.Unconfirmed == 0, "confirmation");
        var closed = Assert.Single(relay.Cluster.Events.OfType<AllocationClosed>());
        Assert.Equal((AllocationCloseReason.ConnectionClosed, 9), (closed.Reason, closed.Totals.BytesToPeer));
        Assert.Equal((0, RelayFixture.OwnPorts), (relay.Server.Allocations, relay.FreePorts));
    }

    [Fact]
    public async Task Relayed_port_taken_by_another_program_ends_that_allocation_and_no_other()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        await using var robbed = await relay.ConnectAsync();
        await using var other = await relay.ConnectAsync();
        using var peer = new Peer();
        var lost = (await robbed.AllocateAsync()).Relayed;
        var kept = (await other.AllocateAsync()).Relayed;
        await other.BindChannelAsync(peer.Address);

        await relay.CrashAsync();
        using var program = new UdpClient(lost.ToIPEndPoint());
        relay.StartServer();

        await EchoAsync(other, peer, kept, 10);
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationClosed>().Any(), "the report");
        Assert.Equal(AllocationCloseReason.RelayedAddressLost, Assert.Single(relay.Cluster.Events.OfType<AllocationClosed>()).Reason);
    }

    [Fact]
    public async Task Credential_that_expired_meanwhile_ends_its_allocation()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = RelayFixture.Start(time: time, restarts: true);
        await using var shortLived = await relay.ConnectAsync(credential: relay.Mint(TimeSpan.FromMinutes(5)));
        await using var refreshed = await relay.ConnectAsync();
        await shortLived.AllocateAsync();
        await refreshed.AllocateAsync();

        await OpeningsToldAsync(relay, 2);
        await relay.CrashAsync();
        time.Advance(TimeSpan.FromMinutes(6));
        relay.StartServer();

        Assert.Equal(1, relay.Server.Allocations);
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationClosed>().Any(), "the report");
        Assert.Equal(AllocationCloseReason.CredentialExpired, Assert.Single(relay.Cluster.Events.OfType<AllocationClosed>()).Reason);
    }

    [Fact]
    public async Task Lifetimes_go_on_where_they_were()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = RelayFixture.Start(time: time, restarts: true);
        await using var client = await relay.ConnectAsync();
        using Peer permitted = new(), bound = new(IPAddress.Parse("127.0.0.8"));
        var start = time.GetUtcNow();
        await client.AllocateAsync();
        await client.CreatePermissionAsync(permitted.Address);
        Assert.Equal(0, await client.BindCodeAsync(0x4005, bound.Address));

        await OpeningsToldAsync(relay, 1);
        await relay.CrashAsync();
        time.Advance(start.AddSeconds(290) - time.GetUtcNow());
        relay.StartServer();
        var peers = relay.SingleAllocation().Peers;
        var now = relay.Server.Workers[0].Wheel.Now;
        Assert.All(peers.Permissions, permission => Assert.InRange(permission.ExpiresTick - now, 90, 101));
        Assert.InRange(Assert.Single(peers.Channels).ExpiresTick - now, 3_090, 3_101);

        await relay.CrashAsync();
        time.Advance(start.AddSeconds(590) - time.GetUtcNow());
        relay.StartServer();
        Assert.Equal(1, relay.Server.Allocations);
        Assert.All(relay.SingleAllocation().Peers.Permissions, permission => Assert.True(permission.ExpiresTick <= relay.Server.Workers[0].Wheel.Now));

        await relay.CrashAsync();
        time.Advance(TimeSpan.FromSeconds(20));
        relay.StartServer();
        Assert.Equal(0, relay.Server.Allocations);
        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationClosed>().Any(), "the report");
        Assert.Equal(AllocationCloseReason.Expired, Assert.Single(relay.Cluster.Events.OfType<AllocationClosed>()).Reason);
    }

    [Fact]
    public async Task Channel_number_stays_with_its_peer_after_the_restart()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        TransportAddress a = TransportAddress.Parse("127.0.0.1:5001"), b = TransportAddress.Parse("127.0.0.1:5002");
        Assert.Equal(0, await client.BindCodeAsync(0x4000, a));

        await relay.CrashAsync();
        relay.StartServer();

        Assert.Equal(400, await client.BindCodeAsync(0x4000, b));
        Assert.Equal(400, await client.BindCodeAsync(0x4001, a));
        Assert.Equal(0, await client.BindCodeAsync(0x4000, a));
    }

    [Fact]
    public async Task Allocate_whose_response_was_lost_gets_it_again_and_another_user_is_refused()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        await using var client = await relay.ConnectAsync();
        var transaction = TransactionId.NewRandom();
        static void Write(ref StunWriter writer) => writer.Add(new RequestedTransport(RequestedTransport.Udp));
        await client.CodeAsync(StunMethod.Refresh);
        Assert.Equal(0, await client.CodeAsync(StunMethod.Allocate, Write, transaction));

        await relay.CrashAsync();
        relay.StartServer();

        Assert.Equal(0, await client.CodeAsync(StunMethod.Allocate, Write, transaction));
        Assert.Equal(437, await client.AllocateCodeAsync());
        Assert.Equal(1, relay.Server.Allocations);
    }

    [Fact]
    public async Task Tenant_suspended_while_the_relay_was_dead_loses_its_allocations_once_that_is_known()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();

        await relay.CrashAsync();
        relay.Cluster.Change(relay.Tenant.Id, snapshot => snapshot with { Status = TenantStatus.Suspended });
        relay.StartServer();

        await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationClosed>().Any(), "the end");
        Assert.Equal(AllocationCloseReason.TenantInactive, Assert.Single(relay.Cluster.Events.OfType<AllocationClosed>()).Reason);
    }

    [Fact]
    public async Task Allocation_whose_tenant_was_not_kept_waits_for_the_cluster_and_its_port_is_nobody_elses()
    {
        await using var relay = RelayFixture.Start(restarts: true);
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        var relayed = (await client.AllocateAsync()).Relayed;
        await client.BindChannelAsync(peer.Address);

        await relay.CrashAsync();
        File.Delete(Path.Combine(relay.Folder, "tenants-relay-under-test.json"));
        relay.Cluster.Reachable = false;
        relay.StartServer();
        Assert.Equal((0, RelayFixture.OwnPorts - 1), (relay.Server.Allocations, relay.FreePorts));
        relay.Cluster.Reachable = true;

        await RelayFixture.UntilAsync(() => relay.Server.Allocations == 1, "the tenant's answer");
        await EchoAsync(client, peer, relayed, 10);
    }

    [Fact]
    public async Task Stopping_waits_for_an_allocation_that_is_being_restored_and_ends_it()
    {
        var time = new HeldTime();
        await using var relay = RelayFixture.Start(time: time, restarts: true);
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        await relay.CrashAsync();
        File.Delete(Path.Combine(relay.Folder, "tenants-relay-under-test.json"));
        relay.Cluster.TenantAnswers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        relay.StopWithin = TimeSpan.FromSeconds(60);
        relay.StartServer();

        // Whoever brings the tenant goes on to restore what waits for it; there it asks for the time.
        relay.Server.Services.Tenants.Applied += _ => time.HoldThisThread();
        relay.Cluster.TenantAnswers.SetResult();
        await time.Held.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var stopping = Task.Run(relay.Server.StopAsync, TestContext.Current.CancellationToken);
        await RelayFixture.UntilAsync(() => !relay.Server.Listening, "the relay is stopping");
        Assert.NotSame(stopping, await Task.WhenAny(stopping, Task.Delay(200, TestContext.Current.CancellationToken)));
        time.LetGo();
        await stopping;

        Assert.Equal((0, RelayFixture.OwnPorts), (relay.Server.Allocations, relay.FreePorts));
        Assert.Equal(AllocationCloseReason.RelayStopped, Assert.Single(relay.Cluster.Events.OfType<AllocationClosed>()).Reason);
    }

    /// <summary>A clock that one thread waits for.</summary>
    private sealed class HeldTime : TimeProvider
    {
        private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim free = new();
        private int thread;

        public Task Held => held.Task;

        public void HoldThisThread() => Volatile.Write(ref thread, Environment.CurrentManagedThreadId);

        public void LetGo() => free.Set();

        // Looking again by itself, the restorer might be faster than the thread that is to be held.
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == AllocationRestorer.AskAgain ? Timeout.InfiniteTimeSpan : dueTime, period);

        public override DateTimeOffset GetUtcNow()
        {
            if (Volatile.Read(ref thread) == Environment.CurrentManagedThreadId)
            {
                Volatile.Write(ref thread, 0);
                held.TrySetResult();
                free.Wait();
            }

            return base.GetUtcNow();
        }
    }

    // A cluster that does not know an allocation is told of it after a pause, which has no end while the clock stands.
    private static Task OpeningsToldAsync(RelayFixture relay, int count) =>
        RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationOpened>().Count() == count, "the openings are told");

    private static async Task EchoAsync(TurnClient client, Peer peer, TransportAddress relayed, int bytes)
    {
        await client.SendAsync(peer.Address, new byte[bytes]);
        var (data, from) = await peer.ReceiveAsync();
        Assert.Equal((bytes, relayed), (data.Length, from));
        await peer.SendAsync(data, relayed);
        Assert.Equal(data, (await client.NextAsync("the peer's echo")).Data.ToArray());
    }
}
