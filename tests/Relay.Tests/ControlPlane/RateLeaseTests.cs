using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Grains.Interfaces.Allowances;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Allocations.Limits;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.ControlPlane.Leases;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.ControlPlane;

/// <summary>A relay's share of a tenant's bits per second: from the first datagram on, and again after silence.</summary>
public sealed class RateLeaseTests
{
    private const long Limit = 8_000_000;

    // Four times what a bucket holds at the least rate.
    private const int Much = 12_000;

    private static readonly RelayIdentity Relay = new("relay", "local", Guid.Empty);
    private readonly RateLease lease = new("tenant");
    private long sequence;

    [Fact]
    public void First_data_passes_before_the_cluster_has_answered_and_no_more_of_it_than_the_least_rate()
    {
        lease.SetLimit(Limit, version: 1);
        Assert.True(lease.Begin());
        Assert.Equal(0, lease.Share);
        Assert.InRange(Passed(bytes: Much), 1_000, 3_000);
    }

    [Fact]
    public void Limit_of_zero_lets_nothing_pass()
    {
        lease.SetLimit(0, version: 1);
        lease.Begin();
        Assert.Equal(0, Passed(bytes: Much));
    }

    [Fact]
    public void Limit_below_the_least_rate_holds_for_the_first_data_too()
    {
        lease.SetLimit(8, version: 1); // a bucket of 3,000 bytes, filled once in 50 minutes
        lease.Begin();
        Assert.Equal(3_000, Passed(bytes: Much));
    }

    [Fact]
    public void Nothing_passes_once_the_cluster_has_answered_that_all_of_it_is_elsewhere_and_data_asks_again()
    {
        Hold(0);
        Assert.Equal(0, Passed(bytes: Much));
        Assert.True(lease.TryBegin());
        Assert.True(lease.TryNext(Relay, () => ++sequence, out var statement), "the data asked");
        Assert.Equal((0L, Limit), (statement!.Held, statement.Wanted));
    }

    [Fact]
    public void Share_given_back_in_silence_is_asked_for_again_by_data_that_passes_meanwhile()
    {
        Hold(Limit);
        GiveBack();
        Assert.True(lease.IsIdle);
        var (asked, now) = (0, Stopwatch.GetTimestamp());
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(i < 30, lease.TryPass(100, toPeer: true, now, out var ask));
            asked += ask ? 1 : 0;
        }

        Assert.Equal(1, asked);
        Answer(Limit);
        Assert.Equal(Limit, lease.Share);
    }

    [Fact]
    public void Share_given_back_in_silence_is_asked_for_again_by_the_next_allocation()
    {
        Hold(Limit);
        GiveBack();
        Assert.True(lease.Begin());
        Answer(Limit);
        Assert.Equal(Limit, lease.Share);
    }

    [Fact]
    public void Stream_waits_for_the_share_and_is_not_charged_at_the_least_rate()
    {
        lease.SetLimit(Limit, version: 1);
        Assert.Equal(Timeout.InfiniteTimeSpan, lease.Charge(Much, toPeer: true, Stopwatch.GetTimestamp(), out var ask));
        Assert.True(ask);
        Answer(Limit);
        Assert.Equal(TimeSpan.Zero, lease.Charge(Much, toPeer: true, Stopwatch.GetTimestamp(), out _));
    }

    [Fact]
    public void What_a_bucket_lacks_is_bytes_at_any_rate()
    {
        var policer = Policer.OfBytes();
        policer.SetBitRate(64_000);
        Assert.True(policer.TryPass(3_000, Stopwatch.GetTimestamp())); // full again in 375 ms
        policer.SetBitRate(8_000_000); // 100,000 bytes
        Assert.True(policer.TryPass(90_000, Stopwatch.GetTimestamp()));
        Assert.False(policer.TryPass(100_000, Stopwatch.GetTimestamp()));
    }

    [Fact]
    public async Task Call_that_was_silent_for_long_is_heard_again()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(tenant: new TestTenant(DiscoveryConfiguration.Default with { Quotas = new Quotas { BitsPerSecond = Limit } }), time: time);
        await using var client = await relay.ConnectAsync();
        using var peer = new Peer();
        await client.AllocateAsync(new AllocateOptions { LifetimeSeconds = 3_600 }, TestContext.Current.CancellationToken);
        await client.BindChannelAsync(peer.Address, cancellationToken: TestContext.Current.CancellationToken);
        await UntilAsync(share => share > 0, "a share");
        await UntilAsync(share => share == 0, "the share is given back");

        // On a busy machine the clock may have gone on beyond the permission's time.
        await client.BindChannelAsync(peer.Address, cancellationToken: TestContext.Current.CancellationToken);
        await client.SendAsync(peer.Address, new byte[] { 1, 2, 3 });
        Assert.Equal([1, 2, 3], (await peer.ReceiveAsync()).Data);
        await UntilAsync(share => share > 0, "a share again");

        Task UntilAsync(Func<long, bool> reached, string what) => RelayFixture.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(500));
                return relay.Server.Services.Tenants.TryGet(relay.Tenant.Id, out var entry) && reached(entry.Traffic.Share);
            },
            what);
    }

    private int Passed(int bytes)
    {
        var (passed, now) = (0, Stopwatch.GetTimestamp());
        for (var sent = 0; sent < bytes; sent += 100)
        {
            passed += lease.TryPass(100, toPeer: true, now, out _) ? 100 : 0;
        }

        return passed;
    }

    private void Hold(long share)
    {
        lease.SetLimit(Limit, version: 1);
        lease.Begin();
        Answer(share);
        Assert.Equal(share, lease.Share);
    }

    /// <summary>Asks as the book does, and is answered.</summary>
    private void Answer(long held)
    {
        Assert.True(lease.TryBegin());
        Assert.True(lease.TryNext(Relay, () => ++sequence, out var statement));
        lease.Answer(new LeaseGrant(statement!.Sequence, held, false));
        Assert.False(lease.TryNext(Relay, () => ++sequence, out _));
    }

    private void GiveBack()
    {
        var sweeps = 0;
        while (!lease.Sweep())
        {
            Assert.True(++sweeps < 10, "nothing is given back");
        }

        Answer(0);
        Assert.Equal(0, lease.Share);
    }
}
