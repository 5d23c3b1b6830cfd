using System.Net.Sockets;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Listeners;

public sealed class OutgoingQueueTests
{
    private readonly Lock gate = new();
    private readonly StillPath path = new();
    private readonly ConnectionLimits limits = new(10, 10);

    [Fact]
    public async Task What_one_batch_brings_is_taken_together_once_it_ends()
    {
        var queue = new OutgoingQueue(gate, path, limits);
        var waiting = queue.WaitAsync();
        Assert.True(queue.TryAppend([1, 2], 100, trusted: true));
        Assert.True(queue.TryAppend([3], 100, trusted: true));
        Assert.False(waiting.IsCompleted);
        Assert.Equal(1, path.EndBatch());
        await waiting;
        Assert.True(queue.TryTake(out var bytes));
        Assert.Equal([1, 2, 3], bytes.ToArray());
    }

    [Fact]
    public async Task The_next_batch_wakes_again()
    {
        var queue = new OutgoingQueue(gate, path, limits);
        for (byte round = 0; round < 3; round++)
        {
            var waiting = queue.WaitAsync();
            Assert.True(queue.TryAppend([round], 100, trusted: true));
            Assert.Equal(1, path.EndBatch());
            await waiting;
            Assert.True(queue.TryTake(out var bytes));
            Assert.Equal([round], bytes.ToArray());
        }
    }

    [Fact]
    public async Task Closing_wakes_without_waiting_for_the_batch_and_gives_the_memory_back()
    {
        var queue = new OutgoingQueue(gate, path, limits);
        var waiting = queue.WaitAsync();
        Assert.True(queue.TryAppend([1], 100, trusted: true));
        queue.Close();
        await waiting;
        Assert.False(queue.TryTake(out _));
        path.EndBatch();
        Assert.False(queue.TryAppend([1], 100, trusted: true));
        Assert.True(limits.TryBuffer((int)Math.Min(int.MaxValue, ConnectionLimits.MaxBufferedBytes), trusted: true), "all of the memory is free");
    }

    /// <summary>A path whose batch ends when the test says so.</summary>
    private sealed class StillPath : IDatagramPath
    {
        private readonly List<IBatchMember> members = [];

        public IDatagramSocket? TryOpen(in TransportAddress local, PortSharing sharing, int bufferBytes, IDatagramSink sink, out SocketError error) =>
            throw new NotSupportedException("Only batches matter here.");

        public void AtBatchEnd(IBatchMember member) => members.Add(member);

        public int EndBatch()
        {
            var ending = members.ToArray();
            members.Clear();
            Array.ForEach(ending, member => member.OnBatchEnd());
            return ending.Length;
        }

        public void Dispose()
        {
            // Nothing is open.
        }
    }
}
