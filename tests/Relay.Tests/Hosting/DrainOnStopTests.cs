using Microsoft.Extensions.Logging.Abstractions;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Protocol.Stun;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Hosting;

/// <summary>What a relay does with its allocations when it is told to stop and nobody takes over.</summary>
public sealed class DrainOnStopTests
{
    private static readonly RequestOptions Tolerant = new() { ThrowOnError = false };

    [Fact]
    public async Task It_waits_for_the_last_allocation_and_takes_no_new_ones_meanwhile()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();

        var draining = Drain(relay).RunAsync(TimeSpan.FromHours(1), TestContext.Current.CancellationToken);

        await using var late = await relay.ConnectAsync();
        Assert.Equal(508, (await AllocateAsync(late)).ErrorCode);
        Assert.False(draining.IsCompleted);
        await client.RefreshAsync(lifetimeSeconds: 0);
        await draining.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(0, relay.Server.Allocations);
    }

    [Fact]
    public async Task It_waits_no_longer_than_it_may()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();

        await Drain(relay).RunAsync(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(1, relay.Server.Allocations);
    }

    [Fact]
    public async Task It_waits_no_longer_than_its_host()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();
        using var patience = new CancellationTokenSource();

        var draining = Drain(relay).RunAsync(TimeSpan.FromHours(1), patience.Token);
        await patience.CancelAsync();

        await draining.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1, relay.Server.Allocations);
    }

    [Fact]
    public async Task Without_the_setting_and_without_allocations_nothing_is_waited_for()
    {
        await using var relay = RelayFixture.Start();
        Assert.True(Drain(relay).RunAsync(TimeSpan.FromHours(1), TestContext.Current.CancellationToken).IsCompletedSuccessfully);
        await using var client = await relay.ConnectAsync();
        await client.AllocateAsync();

        Assert.True(Drain(relay).RunAsync(TimeSpan.Zero, TestContext.Current.CancellationToken).IsCompletedSuccessfully);

        Assert.False(relay.Server.Services.Draining);
    }

    private static DrainOnStop Drain(RelayFixture relay) => new(relay.Server, TimeProvider.System, NullLogger<DrainOnStop>.Instance);

    private static Task<StunResponse> AllocateAsync(TurnClient client) =>
        client.RequestAsync(StunMethod.Allocate, (ref StunWriter writer) => writer.Add(new RequestedTransport(RequestedTransport.Udp)), Tolerant, TestContext.Current.CancellationToken);
}
