using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NetDiscovery.ControlPlane.Tests.Fixtures;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.TestKit;

namespace NetDiscovery.ControlPlane.Tests;

/// <summary>Limits on relayed data, over real relays and real grains.</summary>
public sealed class TrafficLimitTests(Region region) : IAsyncLifetime
{
    private const int Size = 1_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private RegionRelay first = null!;
    private RegionRelay second = null!;

    public async ValueTask InitializeAsync() => (first, second) = (await RegionRelay.StartAsync(region), await RegionRelay.StartAsync(region));

    public async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    [Fact]
    public async Task The_bytes_of_a_month_are_relayed_and_not_one_more_then_allocations_end_and_new_ones_get_486()
    {
        const long Limit = 1_000_000;
        var tenant = await region.NewTenantAsync(new Quotas { RelayedBytesPerMonth = Limit });
        await using var here = await Flow.OpenAsync(first, await tenant.MintAsync());
        await using var there = await Flow.OpenAsync(second, await tenant.MintAsync());
        await SendUntilAsync(() => first.Server.Allocations + second.Server.Allocations == 0, "live allocations have ended", here, there);

        var relayed = Relayed(first) + Relayed(second);
        Assert.InRange(relayed, Limit - (2 * ByteLeaseRest), Limit);
        await using var clients = new Clients();
        Assert.Equal(486, await clients.AllocateAsync(first, await tenant.MintAsync()));
        Assert.Equal(486, await clients.AllocateAsync(second, await tenant.MintAsync()));

        // A higher limit opens the way again.
        await tenant.PutAsync(new DiscoveryConfiguration { Quotas = new Quotas { RelayedBytesPerMonth = 2 * Limit } });
        await Eventually.EventuallyAsync(async () => await clients.AllocateAsync(first, await tenant.MintAsync()) == 0, Patience, "the raised limit is in force");
    }

    [Fact]
    public async Task When_the_month_is_over_the_tenant_has_the_bytes_of_a_new_one()
    {
        const long Limit = 200_000;
        var tenant = await region.NewTenantAsync(new Quotas { RelayedBytesPerMonth = Limit });
        var clock = new MovableClock();
        await using var relay = await RegionRelay.StartAsync(region, time: clock);
        var credential = await tenant.MintAsync(ttl: TimeSpan.FromDays(40));
        await using var flow = await Flow.OpenAsync(relay, credential);
        await SendUntilAsync(() => relay.Server.Allocations == 0, "the first month is used up", flow);
        await using var clients = new Clients();
        Assert.Equal(486, await clients.AllocateAsync(relay, credential));

        // The last minute of the month, then the next month.
        var now = clock.GetUtcNow();
        var next = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
        clock.MoveTo(next.AddMinutes(-1));
        Assert.Equal(486, await clients.AllocateAsync(relay, credential));
        clock.MoveTo(next);
        await Eventually.EventuallyAsync(async () => await clients.AllocateAsync(relay, credential) == 0, Patience, "a new month has begun");
        await clients.DeleteAllAsync();

        var before = Relayed(relay);
        await using var again = await Flow.OpenAsync(relay, credential);
        await SendUntilAsync(() => relay.Server.Allocations == 0, "the second month is used up", again);
        Assert.InRange(Relayed(relay) - before, Limit - ByteLeaseRest, Limit);
        Assert.Equal(Limit, (await region.Grain<IAllowanceGrain>(GrainKeys.ByteAllowance(tenant.Id, next)).GetAsync()).Limit!.Amount);
    }

    [Fact]
    public async Task Where_going_beyond_is_only_to_be_told_relaying_goes_on_and_the_moment_is_kept()
    {
        const long Limit = 200_000;
        var tenant = await region.NewTenantAsync(new Quotas { RelayedBytesPerMonth = Limit, OnQuota = QuotaActions.Notify });
        await using var flow = await Flow.OpenAsync(first, await tenant.MintAsync());
        await SendUntilAsync(() => Relayed(first) > 2 * Limit, "twice the limit was relayed", flow);
        Assert.Equal(1, first.Server.Allocations);

        var allowance = region.Grain<IAllowanceGrain>(GrainKeys.ByteAllowance(tenant.Id, TimeProvider.System.GetUtcNow()));
        await Eventually.EventuallyAsync(async () => (await allowance.GetAsync()).ReachedAt is not null, Patience, "the moment is noted");
        await region.ForgetAsync(allowance);
        Assert.NotNull((await allowance.GetAsync()).ReachedAt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_allocation_gets_its_bandwidth_in_each_direction_and_no_more(bool byScope)
    {
        const long Rate = 800_000;
        var tenant = await region.NewTenantAsync(byScope ? null : new Quotas { BitsPerSecondPerAllocation = Rate });
        await using var flow = await Flow.OpenAsync(first, await tenant.MintAsync(byScope ? new CredentialScopes { BitsPerSecond = Rate } : null));
        var clock = Stopwatch.StartNew();
        await SendUntilAsync(() => clock.Elapsed > TimeSpan.FromSeconds(2) && flow.PeerBytes >= Rate / 32, "two seconds, and some data", flow);

        // Looked at before the clock is: what comes in between has its own time.
        var received = flow.PeerBytes;
        Assert.InRange(received, Rate / 32, (long)((Rate / 8 * (clock.Elapsed.TotalSeconds + 0.1)) + (2 * Size)));

        clock.Restart();
        var before = flow.ClientBytes;
        while (clock.Elapsed < TimeSpan.FromSeconds(2) || flow.ClientBytes - before < Rate / 32)
        {
            Assert.True(clock.Elapsed < Patience, "Not reached: two seconds, and some data");
            flow.SendFromPeer();
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        received = flow.ClientBytes - before;
        Assert.InRange(received, Rate / 32, (long)((Rate / 8 * (clock.Elapsed.TotalSeconds + 0.2)) + (2 * Size)));
    }

    [Fact]
    public async Task A_stream_waits_for_its_bandwidth_and_loses_nothing()
    {
        const long Rate = 1_600_000;
        const int Sent = 600_000;
        var tenant = await region.NewTenantAsync(new Quotas { BitsPerSecondPerAllocation = Rate });
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var client = await first.ConnectAsync(await tenant.MintAsync(), ClientTransport.Tcp);
        await client.AllocateAsync(new AllocateOptions { Protocol = RequestedTransport.Tcp }, TestContext.Current.CancellationToken);
        var peer = TransportAddress.From((IPEndPoint)listener.LocalEndpoint);
        await client.CreatePermissionAsync(peer, TestContext.Current.CancellationToken);
        var accepting = listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await using var stream = await client.OpenConnectionAsync(await client.ConnectPeerAsync(peer, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        using var accepted = await accepting;

        var clock = Stopwatch.StartNew();
        var writing = stream.WriteAsync(new byte[Sent], TestContext.Current.CancellationToken);
        var (received, buffer) = (0, new byte[65_536]);
        while (received < Sent)
        {
            var read = await accepted.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);
            Assert.True(read > 0, $"The stream ended after {received} of {Sent} bytes.");
            received += read;
        }

        await writing;
        Assert.Equal(Sent, received);
        Assert.True(clock.Elapsed.TotalSeconds > (Sent * 8.0 / Rate) - 0.5, $"{Sent} bytes took {clock.Elapsed}");
    }

    [Fact]
    public async Task A_tenants_bandwidth_is_shared_by_its_relays_as_their_clients_need_it()
    {
        const long Rate = 1_600_000;
        var tenant = await region.NewTenantAsync(new Quotas { BitsPerSecond = Rate });
        await using var here = await Flow.OpenAsync(first, await tenant.MintAsync());
        await SendUntilAsync(() => Share(first) == Rate, "the only relay has it all", here);

        await using var there = await Flow.OpenAsync(second, await tenant.MintAsync());
        await SendUntilAsync(() => Share(second) >= Rate * 2 / 5 && Share(first) <= Rate * 3 / 5, "both have about half", here, there);
        var (clock, before) = (Stopwatch.StartNew(), Relayed(first) + Relayed(second));
        await SendUntilAsync(() => clock.Elapsed > TimeSpan.FromSeconds(2), "two seconds", here, there);

        // Read twice alike: one may just be giving to the other.
        (long First, long Second) shares;
        do
        {
            shares = (Share(first), Share(second));
        }
        while (shares != (Share(first), Share(second)));
        Assert.True(shares.First + shares.Second <= Rate, $"{shares.First} + {shares.Second}");
        Assert.InRange(Relayed(first) + Relayed(second) - before, Rate / 64, (long)((Rate / 8 * (clock.Elapsed.TotalSeconds + 0.3)) + (4 * Size)));

        long Share(RegionRelay relay) => relay.Server.Services.Tenants.TryGet(tenant.Id, out var entry) ? entry.Traffic.Share : 0;
    }

    // What is left of a limit that no datagram fits into, on each relay.
    private const long ByteLeaseRest = Size;

    private static long Relayed(RegionRelay relay) => relay.Server.Workers.Sum(worker => worker.Media.Bytes);

    private static async Task SendUntilAsync(Func<bool> reached, string what, params Flow[] flows)
    {
        var clock = Stopwatch.StartNew();
        while (!reached())
        {
            Assert.True(clock.Elapsed < Patience, $"Not reached: {what}");
            foreach (var flow in flows)
            {
                flow.SendFromClient();
            }

            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>A client with an allocation, and a peer that counts.</summary>
    private sealed class Flow : IAsyncDisposable
    {
        private static readonly byte[] Data = new byte[Size];
        private readonly TurnClient client;
        private readonly Socket peer = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private IPEndPoint relayed = null!;
        private long peerBytes;
        private long clientBytes;

        private Flow(TurnClient client)
        {
            this.client = client;
            client.DatagramReceived = (_, data) => Interlocked.Add(ref clientBytes, data.Length);
            peer.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        }

        public long PeerBytes => Volatile.Read(ref peerBytes);

        public long ClientBytes => Volatile.Read(ref clientBytes);

        private TransportAddress Peer => TransportAddress.From((IPEndPoint)peer.LocalEndPoint!);

        public static async Task<Flow> OpenAsync(RegionRelay relay, MintedCredential credential)
        {
            var flow = new Flow(await relay.ConnectAsync(credential));
            var result = await flow.client.AllocateAsync(cancellationToken: TestContext.Current.CancellationToken);
            flow.relayed = result.Relayed.ToIPEndPoint();
            await flow.client.BindChannelAsync(flow.Peer, cancellationToken: TestContext.Current.CancellationToken);
            _ = Task.Run(flow.CountAsync);
            return flow;
        }

        public void SendFromClient() => client.Send(Peer, Data);

        public void SendFromPeer() => peer.SendTo(Data, relayed);

        public async ValueTask DisposeAsync()
        {
            peer.Dispose();
            await client.DisposeAsync();
        }

        private async Task CountAsync()
        {
            var buffer = new byte[2_048];
            try
            {
                while (true)
                {
                    Interlocked.Add(ref peerBytes, await peer.ReceiveAsync(buffer));
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The flow has ended.
            }
        }
    }
}
