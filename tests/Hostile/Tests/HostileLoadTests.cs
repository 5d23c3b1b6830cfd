using NetDiscovery.Hostile.Servers;

namespace NetDiscovery.Hostile.Tests;

/// <summary>The short form of <c>tests/Hostile/run</c>.</summary>
public sealed class HostileLoadTests
{
    [Fact]
    public async Task Legitimate_clients_lose_nothing_to_a_flood_and_slow_connections_and_memory_comes_back()
    {
        var options = new HostileOptions { Datagrams = 50_000, Rate = 5_000, Connections = 1_200, Allocations = 50, SettleSeconds = 30, Seed = Environment.TickCount };
        await using var server = await OurServer.StartAsync();
        var report = await HostileRun.RunAsync(server, options, TestContext.Current.SendDiagnosticMessage);
        Assert.True(!report.Problems().Any(), $"Seed {options.Seed}\n{string.Join('\n', report.Problems())}\n{HostileReport.Table([report])}\n{server.Output}");

        // The attack was one.
        var attack = Assert.Single(report.Attacks);
        Assert.Equal(options.Datagrams, attack.Datagrams);
        Assert.Equal(options.Connections, attack.Connections.MostOpen);
        Assert.InRange(attack.Loss.Sent, options.Allocations * 100, long.MaxValue);
        await server.MemoryGivenBackAsync();
    }
}
