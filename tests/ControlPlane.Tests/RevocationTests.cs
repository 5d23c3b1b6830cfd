using System.Diagnostics;
using NetDiscovery.ControlPlane.Tests.Fixtures;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.TestKit;

namespace NetDiscovery.ControlPlane.Tests;

/// <summary>What is revoked ends on all relays within a second.</summary>
public sealed class RevocationTests(Region region)
{
    [Theory]
    [InlineData("token")]
    [InlineData("label")]
    [InlineData("suspended")]
    [InlineData("closed")]
    public async Task What_is_revoked_ends_on_both_relays_within_a_second_and_nothing_else_does(string what)
    {
        // A machine that is busy with other things may delay it; it must hold in one of a few trials.
        var best = TimeSpan.MaxValue;
        for (var trial = 0; trial < 20 && best >= TimeSpan.FromSeconds(1); trial++)
        {
            var took = await RevokeAsync(what);
            best = took < best ? took : best;
        }

        Assert.True(best < TimeSpan.FromSeconds(1), $"It took {best}.");
    }

    private async Task<TimeSpan> RevokeAsync(string what)
    {
        var tenant = await region.NewTenantAsync();
        var other = await region.NewTenantAsync();
        await using var first = await RegionRelay.StartAsync(region);
        await using var second = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        var credential = await tenant.MintAsync(label: "customer");
        var bystander = await other.MintAsync(label: "customer");
        foreach (var relay in new[] { first, second })
        {
            Assert.Equal(0, await clients.AllocateAsync(relay, credential));
            Assert.Equal(0, await clients.AllocateAsync(relay, bystander));
        }

        var clock = Stopwatch.StartNew();
        _ = what switch
        {
            "token" => await tenant.Grain.RevokeTokenAsync(credential.Claims.Token, credential.Claims.ExpiresAt),
            "label" => await tenant.Grain.RevokeLabelAsync("customer"),
            "suspended" => await tenant.Grain.SetStatusAsync(TenantStatus.Suspended),
            _ => await tenant.Grain.SetStatusAsync(TenantStatus.Closed),
        };
        await Eventually.EventuallyAsync(() => first.Server.Allocations == 1 && second.Server.Allocations == 1, TimeSpan.FromSeconds(60), "the allocations have ended on both relays");
        var took = clock.Elapsed;
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: ended on both relays after {took.TotalMilliseconds:0} ms");
        Assert.Equal(401, await clients.AllocateAsync(first, credential));
        Assert.Equal(0, await clients.AllocateAsync(second, bystander));
        return took;
    }

    [Fact]
    public async Task A_change_that_could_not_be_pushed_is_there_when_the_relay_hears_again()
    {
        var tenant = await region.NewTenantAsync();
        await using var relay = await RegionRelay.StartAsync(region);
        await using var clients = new Clients();
        var credential = await tenant.MintAsync();
        Assert.Equal(0, await clients.AllocateAsync(relay, credential));
        relay.CutOff(true);
        await tenant.Grain.RevokeTokenAsync(credential.Claims.Token, credential.Claims.ExpiresAt);
        Assert.Equal(1, relay.Server.Allocations);
        relay.CutOff(false);
        await Eventually.EventuallyAsync(() => relay.Server.Allocations == 0, TimeSpan.FromSeconds(60), "the allocation has ended");
    }

    [Fact]
    public async Task A_hundred_rotations_of_the_signing_key_fail_no_allocate()
    {
        var tenant = await region.NewTenantAsync();
        await using var relay = await RegionRelay.StartAsync(region);
        using var done = new CancellationTokenSource();
        var (oldest, allocated) = (await tenant.MintAsync(), 0);
        var byLoader = new int[4];
        var load = Enumerable.Range(0, byLoader.Length).Select(loader => Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                await using var client = await relay.ConnectAsync(await tenant.MintAsync());
                await client.AllocateAsync(cancellationToken: TestContext.Current.CancellationToken);
                await client.RefreshAsync(0, cancellationToken: TestContext.Current.CancellationToken);
                Interlocked.Increment(ref allocated);
                Interlocked.Increment(ref byLoader[loader]);
            }
        })).ToList();
        for (var rotation = 1; rotation <= 100; rotation++)
        {
            // A tenant keeps the last 17 keys; those of 48 hours back are dropped long before in the field.
            if (rotation % 10 == 0)
            {
                await using var client = await relay.ConnectAsync(oldest);
                await client.AllocateAsync(cancellationToken: TestContext.Current.CancellationToken);
                oldest = await tenant.MintAsync();
            }

            var before = Volatile.Read(ref allocated);
            Assert.NotEqual(0u, await tenant.Grain.RotateSigningKeyAsync());
            await Eventually.EventuallyAsync(() => Volatile.Read(ref allocated) > before || load.Any(task => task.IsFaulted), TimeSpan.FromSeconds(20), "an Allocate between two rotations");

            // No client may need longer for its Allocate than 17 rotations take: a datagram that is lost costs half a second, in which this loop makes dozens.
            if (rotation % 5 == 0)
            {
                var counts = byLoader.ToArray();
                await Eventually.EventuallyAsync(
                    () => load.Any(task => task.IsFaulted) || counts.Select((count, loader) => Volatile.Read(ref byLoader[loader]) > count).All(more => more), TimeSpan.FromSeconds(20), "an Allocate of each client");
            }
        }

        await done.CancelAsync();
        await Task.WhenAll(load);
        TestContext.Current.TestOutputHelper?.WriteLine($"100 rotations, {allocated} allocations, none failed");
    }
}
