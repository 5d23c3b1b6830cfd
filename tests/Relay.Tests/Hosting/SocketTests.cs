using System.Globalization;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.Hosting;

/// <summary>However an allocation ends, its sockets and ports are gone.</summary>
public sealed class SocketTests
{
    [Theory]
    [InlineData("delete", ClientTransport.Udp, 6_000)]
    [InlineData("delete", ClientTransport.Tcp, 6_100)]
    [InlineData("disconnect", ClientTransport.Tcp, 6_200)]
    [InlineData("cut", ClientTransport.Udp, 6_300)]
    [InlineData("stop", ClientTransport.Udp, 6_400)]
    [InlineData("stop", ClientTransport.Tcp, 6_500)]
    public async Task No_relayed_socket_stays(string how, ClientTransport transport, int minPort)
    {
        await using var relay = RelayFixture.Start(options => (options.MinPort, options.MaxPort) = (minPort, minPort + 99));
        var clients = new List<TurnClient>();
        for (var i = 0; i < 20; i++)
        {
            clients.Add(await relay.ConnectAsync(transport));
            await clients[^1].AllocateAsync();
        }

        await RelayFixture.UntilAsync(() => Sockets(minPort) == 20, "a socket for each allocation");
        foreach (var client in clients)
        {
            if (how == "delete")
            {
                await client.RefreshAsync(0);
            }

            if (how is "delete" or "disconnect")
            {
                await client.DisposeAsync();
            }
        }

        if (how == "cut")
        {
            await RelayFixture.UntilAsync(() => relay.Cluster.Events.OfType<AllocationOpened>().Count() == 20, "the openings");
            relay.Cluster.Events.OfType<AllocationOpened>().ToList().ForEach(e => relay.Cluster.Command(new Grains.Interfaces.Relays.CutAllocation(e.Allocation)));
        }

        if (how == "stop")
        {
            await relay.StopAsync();
        }

        await RelayFixture.UntilAsync(() => relay.Server.Allocations == 0 && Sockets(minPort) == 0, "no socket among the relayed ports");
        Assert.Equal(100, relay.FreePorts);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        await RelayFixture.UntilAsync(() => relay.Server.Connections == 0, "no connection");
    }

    [Fact]
    public async Task Ten_thousand_allocations_one_after_the_other_leak_no_port_slot_or_socket()
    {
        await using var relay = RelayFixture.Start(options => (options.MinPort, options.MaxPort) = (6_600, 6_619));
        await using var client = await relay.ConnectAsync(change: options => options with { Sha256 = false });
        for (var i = 0; i < 10_000; i++)
        {
            await client.AllocateAsync();
            await client.RefreshAsync(0);
        }

        Assert.Equal(20, relay.FreePorts);
        await RelayFixture.UntilAsync(() => relay.Server.Services.Journal.InUse == 0 && Sockets(6_600, 20) == 0, "nothing left");
    }

    // The kernel lists sockets bucket by bucket: while others come and go, one may be listed twice or not at all in a single reading.
    private static int Sockets(int minPort, int count = 100) => File.ReadLines("/proc/net/udp").Skip(1)
        .Select(line => int.Parse(line.AsSpan(line.IndexOf(':', line.IndexOf(':', StringComparison.Ordinal) + 1) + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
        .Where(port => port >= minPort && port < minPort + count)
        .Distinct()
        .Count();
}
