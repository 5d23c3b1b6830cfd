using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Tests.Hosting;

public sealed class MemoryReturnTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly List<(MemoryReturnStep Step, int Left)> returns = [];
    private readonly MemoryReturn memory;
    private int clients;
    private double cores;

    public MemoryReturnTests() => memory = new MemoryReturn(() => clients, () => cores, (left, step) => returns.Add((step, left)), time);

    public void Dispose() => memory.Dispose();

    [Fact]
    public void What_the_start_needed_is_given_back_once()
    {
        Pass(MemoryReturn.Pause - MemoryReturn.Period);
        Assert.Empty(returns);
        Pass(TimeSpan.FromHours(1));
        Assert.Equal([(MemoryReturnStep.AfterStart, 0)], returns);
    }

    [Fact]
    public void Memory_is_given_back_when_many_clients_have_left_and_once_more_by_compacting()
    {
        Started(clients: 3000);
        clients = 50;
        Pass(2 * MemoryReturn.Period);
        Assert.Equal([(MemoryReturnStep.Beside, 2950)], returns);
        Pass(TimeSpan.FromHours(1));
        Assert.Equal([(MemoryReturnStep.Beside, 2950), (MemoryReturnStep.Compacting, 2950)], returns);
    }

    [Fact]
    public void Nothing_is_compacted_while_there_is_much_to_do()
    {
        Started(clients: 3000);
        clients = 50;
        cores = MemoryReturn.FewCores;
        Pass(TimeSpan.FromHours(1));
        Assert.Equal([(MemoryReturnStep.Beside, 2950)], returns);
        cores = MemoryReturn.FewCores - 0.1;
        Pass(MemoryReturn.Period);
        Assert.Equal([(MemoryReturnStep.Beside, 2950), (MemoryReturnStep.Compacting, 2950)], returns);
    }

    [Fact]
    public void Nothing_is_compacted_while_many_are_coming()
    {
        Started(clients: 3000);
        clients = 50;
        Pass(2 * MemoryReturn.Period);
        while (clients < 6000)
        {
            clients += 500;
            Pass(MemoryReturn.Period);
        }

        Assert.Equal([(MemoryReturnStep.Beside, 2950)], returns);
        Pass(3 * MemoryReturn.Period);
        Assert.Equal([(MemoryReturnStep.Beside, 2950), (MemoryReturnStep.Compacting, 2950)], returns);
    }

    [Fact]
    public void Not_while_they_are_still_leaving()
    {
        Started(clients: 10_000);
        for (clients = 9_000; clients > 1_000; clients -= 500)
        {
            Pass(MemoryReturn.Period);
            Assert.Empty(returns);
        }

        Pass(2 * MemoryReturn.Period);
        Assert.Equal([(MemoryReturnStep.Beside, 10_000 - clients)], returns);
    }

    [Fact]
    public void Few_that_leave_change_nothing()
    {
        Started(clients: 3000);
        clients = 3000 - MemoryReturn.Many + 1;
        Pass(TimeSpan.FromHours(1));
        Assert.Empty(returns);
    }

    [Fact]
    public void Whoever_comes_and_goes_with_thousands_of_connections_causes_two_returns_in_45_seconds()
    {
        Started(clients: 0);
        for (var i = 0; i < 120; i++)
        {
            clients = i % 4 < 2 ? 5000 : 0;
            Pass(MemoryReturn.Period);
        }

        Assert.InRange(returns.Count, 2, 2 * 120 * MemoryReturn.Period / (MemoryReturn.Pause + MemoryReturn.CompactAfter) + 1);
        Assert.All(returns.Chunk(2), pair => Assert.Equal(MemoryReturnStep.Beside, pair[0].Step));
        Assert.All(returns.Chunk(2).Where(pair => pair.Length == 2), pair => Assert.Equal(MemoryReturnStep.Compacting, pair[1].Step));
    }

    [Fact]
    public void Free_buffers_lose_their_pages_and_stay_usable()
    {
        var pool = new DatagramBuffers();
        var buffer = pool.Rent();
        buffer.GetSpan().Fill(0xEE);
        pool.Return(buffer);
        pool.DiscardFree();
        buffer = pool.Rent();

        // On Linux the next to use it gets zeros, from pages that were not there before.
        Assert.Equal(OperatingSystem.IsLinux() ? 0 : 0xEE, buffer.GetSpan()[0]);
        buffer.GetSpan().Fill(0x55);
        pool.Return(buffer);
    }

    private void Started(int clients)
    {
        this.clients = clients;
        Pass(2 * MemoryReturn.Pause);
        returns.Clear();
    }

    private void Pass(TimeSpan span)
    {
        for (var end = time.GetUtcNow() + span; time.GetUtcNow() < end;)
        {
            time.Advance(MemoryReturn.Period);
        }
    }
}
