using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.Relay.Tests.Hosting;

namespace NetDiscovery.Relay.Tests.PeerConnections;

/// <summary>Copying makes no garbage.</summary>
[Collection(nameof(AllocationFreeTests))]
public sealed class SpliceMemoryTests
{
    [Theory]
    [InlineData(ClientTransport.Tcp)]
    [InlineData(ClientTransport.Tls)]
    public async Task Twenty_thousand_small_writes_there_and_back_stay_within_a_small_budget(ClientTransport transport)
    {
        const int Rounds = 10_000;
        // A clock that stands still: what the relay does by the clock makes garbage, the more the longer the machine takes for the rounds.
        await using var relay = RelayFixture.Start(time: new FakeTimeProvider(DateTimeOffset.UtcNow));
        using var peer = new TcpPeer();
        await using var client = await relay.ConnectStreamAsync(transport);
        await client.AllocateAsync(TcpRelay.Asked);
        var (data, accepted) = await client.JoinAsync(peer);
        var chunk = new byte[160];
        await PingAsync(1_000);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await PingAsync(Rounds);
        var bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{Rounds} round trips, {bytes} bytes allocated");

        // Each is four reads and two writes in the relay: one object for each would be 600 bytes. What is left is warming up,
        // and with TLS both ends of it.
        Assert.True(bytes < Rounds * (transport == ClientTransport.Tls ? 200 : 64), $"{bytes} bytes allocated in {Rounds} round trips");
        await data.DisposeAsync();
        accepted.Dispose();

        // Nothing but direct awaits of one method: the test makes no garbage of its own.
        async Task PingAsync(int rounds)
        {
            for (var i = 0; i < rounds; i++)
            {
                await data.WriteAsync(chunk.AsMemory());
                for (var filled = 0; filled < chunk.Length;)
                {
                    var read = await accepted.ReceiveAsync(chunk.AsMemory());
                    Assert.True(read > 0);
                    filled += read;
                }

                await accepted.SendAsync(chunk.AsMemory());
                for (var filled = 0; filled < chunk.Length;)
                {
                    var read = await data.ReadAsync(chunk.AsMemory());
                    Assert.True(read > 0);
                    filled += read;
                }
            }
        }
    }
}
