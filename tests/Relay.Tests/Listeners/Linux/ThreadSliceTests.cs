using NetDiscovery.Relay.Listeners.Linux;

namespace NetDiscovery.Relay.Tests.Listeners.Linux;

public sealed class ThreadSliceTests
{
    // Linux before 6.12 takes the call and has no slice to tell.
    [Fact]
    public void A_thread_that_asks_for_it_has_the_shortest_slice_where_the_kernel_has_slices()
    {
        (long Before, bool Done, long After) slices = default;
        var thread = new Thread(() => slices = (ThreadSlice.Read(), ThreadSlice.Shorten(), ThreadSlice.Read()));
        thread.Start();
        thread.Join();
        Assert.True(slices.Done);
        Assert.Equal(slices.Before == 0 ? 0 : ThreadSlice.ShortestNanoseconds, slices.After);
    }
}
