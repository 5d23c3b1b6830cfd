using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Tests.RelayedAddresses;

public sealed class PortPoolTests
{
    [Fact]
    public void Every_port_is_handed_out_once_and_then_no_more()
    {
        var pool = new PortPool(50_000, 50_999);
        var taken = new HashSet<ushort>();
        while (pool.TryTake(PortParity.Any, out var port))
        {
            Assert.InRange(port, 50_000, 50_999);
            Assert.True(taken.Add(port));
            Assert.True(pool.IsTaken(port));
        }

        Assert.Equal(1_000, taken.Count);
        Assert.Equal(0, pool.Free);
    }

    [Fact]
    public void Released_port_is_usable_again_at_once()
    {
        var pool = new PortPool(50_000, 50_000);
        Assert.True(pool.TryTake(PortParity.Any, out var port));
        pool.Release(port);
        Assert.False(pool.IsTaken(port));
        Assert.True(pool.TryTake(PortParity.Any, out var again));
        Assert.Equal(port, again);
    }

    [Fact]
    public void Nothing_leaks_in_10000_random_cycles()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var pool = new PortPool(49_152, 49_400);
        var held = new List<ushort>();
        for (var i = 0; i < 10_000; i++)
        {
            var parity = (PortParity)random.Next(3);
            if (random.Next(2) == 0 && pool.TryTake(parity, out var port))
            {
                held.Add(port);
                Assert.True(parity == PortParity.Any || port % 2 == 0, $"seed {seed}");
                if (parity == PortParity.EvenWithNext)
                {
                    held.Add((ushort)(port + 1));
                }
            }
            else if (held.Count > 0)
            {
                var at = random.Next(held.Count);
                pool.Release(held[at]);
                held.RemoveAt(at);
            }

            Assert.True(pool.Free == pool.Capacity - held.Count && held.Distinct().Count() == held.Count, $"seed {seed}, step {i}");
        }

        held.ForEach(pool.Release);
        Assert.Equal(pool.Capacity, pool.Free);
    }

    [Fact]
    public void Next_port_must_be_in_the_pool_and_free()
    {
        var pool = new PortPool(50_000, 50_002);
        Assert.True(pool.TryTake(PortParity.EvenWithNext, out var port));
        Assert.Equal(50_000, port);
        Assert.False(pool.TryTake(PortParity.EvenWithNext, out _));
        Assert.True(pool.TryTake(PortParity.Even, out port));
        Assert.Equal(50_002, port);
    }

    [Fact]
    public void Port_released_twice_is_a_bug_that_shows()
    {
        var pool = new PortPool(50_000, 50_010);
        pool.TryTake(PortParity.Any, out var port);
        pool.Release(port);
        Assert.Throws<InvalidOperationException>(() => pool.Release(port));
    }

    [Fact]
    public async Task Many_threads_never_get_the_same_port()
    {
        var pool = new PortPool(49_152, 65_535);
        var taken = new System.Collections.Concurrent.ConcurrentDictionary<ushort, int>();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            while (pool.TryTake(PortParity.Any, out var port))
            {
                Assert.True(taken.TryAdd(port, 0));
            }
        })));
        Assert.Equal(pool.Capacity, taken.Count);
    }
}
