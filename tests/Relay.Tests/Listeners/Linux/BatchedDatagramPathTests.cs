using System.Collections.Concurrent;
using System.Net.Sockets;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Listeners.Linux;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Listeners.Linux;

public sealed class BatchedDatagramPathTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(160, 8, 0)]
    [InlineData(1200, 20, 7)]
    [InlineData(3, 5, 1)]
    public void Datagrams_that_arrive_together_are_delivered_one_by_one(int size, int count, int rest)
    {
        using var delivered = new BlockingCollection<byte[]>();
        using var path = new BatchedPath(new Sink((datagram, _) => delivered.Add(datagram)));
        path.Socket.Start();
        var bytes = Bytes((size * count) + rest);
        path.SendTogether(bytes, size);
        for (var at = 0; at < bytes.Length; at += size)
        {
            Assert.True(delivered.TryTake(out var datagram, Limit), "a datagram");
            Assert.Equal(bytes[at..Math.Min(at + size, bytes.Length)], datagram);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Sockets_ask_for_aggregation_only_where_they_may(bool coalesces)
    {
        using var path = new BatchedDatagramPath(new Lock(), _ => { }, realtime: false) { Coalesces = coalesces };
        using var socket = (BatchedDatagramSocket)path.TryOpen(TransportAddress.Parse("127.0.0.1:0"), PortSharing.None, 4096, new Sink((_, _) => { }), out _)!;
        Assert.True(LibC.TryGetOption(socket.Descriptor, LibC.SOL_UDP, LibC.UDP_GRO, out var asked));
        Assert.Equal(coalesces ? 1 : 0, asked);
    }

    [Fact]
    public void What_a_batch_sends_arrives_whole_and_in_order_whatever_its_sizes()
    {
        byte[][] answers = [.. new[] { 100, 100, 100, 60, 100, 0, 0, 1, 1, 1452, 1452, 1453, 1453, 30_000, 100 }.Select(Bytes)];
        using var path = Make(socket => (_, from) => Array.ForEach(answers, answer => Assert.True(socket().Send(answer, from))));
        path.Other.Send([1]);
        foreach (var answer in answers)
        {
            Assert.Equal(answer, path.Receive());
        }
    }

    [Fact]
    public void A_batch_larger_than_the_queue_arrives_in_order()
    {
        // To ten sockets: all of it fits their kernel buffers, 256 datagrams each by default, however late this thread reads.
        const int Count = 1_500, Receivers = 10;
        var others = Enumerable.Range(0, Receivers).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 }).ToList();
        others.ForEach(other => other.Bind(TransportAddress.Parse("127.0.0.1:0").ToIPEndPoint()));
        var addresses = others.ConvertAll(other => TransportAddress.From((System.Net.IPEndPoint)other.LocalEndPoint!));
        using var path = Make(socket => (_, _) =>
        {
            for (var i = 0; i < Count; i++)
            {
                Assert.True(socket().Send(BitConverter.GetBytes(i), addresses[i % Receivers]));
            }
        });
        path.Other.Send([1]);
        var answer = new byte[8];
        for (var i = 0; i < Count; i++)
        {
            Assert.Equal(4, others[i % Receivers].Receive(answer));
            Assert.Equal(i, BitConverter.ToInt32(answer));
        }

        others.ForEach(other => other.Dispose());
    }

    [Fact]
    public void More_datagrams_than_one_turn_takes_are_all_delivered()
    {
        const int Count = 500;
        using var done = new CountdownEvent(Count);
        using var path = new BatchedPath(new Sink((_, _) => done.Signal()));
        for (var i = 0; i < Count; i++)
        {
            path.Other.Send([1, 2, 3]);
        }

        path.Socket.Start();
        Assert.True(done.Wait(Limit), $"{done.CurrentCount} of {Count} datagrams");
    }

    [Fact]
    public void A_datagram_the_system_refuses_is_told_of_and_the_others_of_its_batch_leave()
    {
        // Sending to the broadcast address without asking for it is refused on the spot, and by then Send has answered.
        var nowhere = TransportAddress.Parse("255.255.255.255:9");
        using var unsent = new BlockingCollection<(byte[] Datagram, TransportAddress To)>();
        IDatagramSocket? socket = null;
        var sink = new Sink((_, from) =>
        {
            socket!.Send([1], from);
            socket.Send([2, 2], nowhere);
            socket.Send([2, 3], nowhere);
            socket.Send([3], from);
        })
        {
            Unsent = (datagram, to) => unsent.Add((datagram, to)),
        };
        using var path = new BatchedPath(sink);
        (socket = path.Socket).Start();
        path.Other.Send([1]);
        Assert.Equal([1], path.Receive());
        Assert.Equal([3], path.Receive());
        foreach (var expected in new byte[][] { [2, 2], [2, 3] })
        {
            Assert.True(unsent.TryTake(out var told, Limit), "the refused datagram");
            Assert.Equal((nowhere, expected), (told.To, told.Datagram), EqualityComparer<(TransportAddress To, byte[] Bytes)>.Create(
                (left, right) => left.To == right.To && left.Bytes.AsSpan().SequenceEqual(right.Bytes)));
        }
    }

    [Fact]
    public void Nothing_is_delivered_after_a_socket_was_disposed_not_even_the_rest_of_what_arrived_together()
    {
        using var disposed = new ManualResetEventSlim();
        var delivered = 0;
        IDatagramSocket? socket = null;
        using var path = new BatchedPath(new Sink((_, _) =>
        {
            delivered++;
            socket!.Dispose();
            disposed.Set();
        }));
        (socket = path.Socket).Start();
        path.SendTogether(Bytes(800), 100);
        Assert.True(disposed.Wait(Limit), "the first datagram");
        lock (path.Gate)
        {
            Assert.Equal(1, delivered);
        }

        Assert.False(socket.Send([1], path.OtherAddress));
    }

    [Fact]
    public void What_a_socket_was_given_leaves_before_it_is_closed()
    {
        using var path = Make(socket => (datagram, from) =>
        {
            socket().Send(datagram, from);
            socket().Send([9], from);
            socket().Dispose();
        });
        path.Other.Send([8]);
        Assert.Equal([8], path.Receive());
        Assert.Equal([9], path.Receive());
    }

    [Fact]
    public void What_another_thread_sends_leaves_at_once()
    {
        using var path = new BatchedPath(new Sink((_, _) => { }));
        path.Socket.Start();
        lock (path.Gate)
        {
            Assert.True(path.Socket.Send([5], path.OtherAddress));
            Assert.Equal([5], path.Receive());
            Assert.False(path.Socket.Send([5], TransportAddress.Parse("255.255.255.255:9")));
            Assert.False(path.Socket.Send([5], TransportAddress.Parse("[::1]:9")));
        }
    }

    [Fact]
    public void Relaying_a_hundred_thousand_datagrams_allocates_nothing_on_the_data_path()
    {
        var echo = new CountingEcho();
        using var path = new BatchedPath(echo);
        (echo.Socket = path.Socket).Start();
        var (datagram, answer) = (Bytes(160), new byte[200]);
        for (var i = 0; i < 100_000; i += 10)
        {
            for (var j = 0; j < 10; j++)
            {
                path.Other.Send(datagram);
            }

            for (var j = 0; j < 10; j++)
            {
                Assert.Equal(160, path.Other.Receive(answer));
            }
        }

        lock (path.Gate)
        {
            Assert.Equal(100_000, echo.Count);
            Assert.Equal(0, echo.Allocated);
        }
    }

    private static BatchedPath Make(Func<Func<IDatagramSocket>, Action<byte[], TransportAddress>> sink)
    {
        IDatagramSocket? socket = null;
        var path = new BatchedPath(new Sink(sink(() => socket!)));
        (socket = path.Socket).Start();
        return path;
    }

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)((i * 31) + (i >> 8)))];

    private sealed class CountingEcho : IDatagramSink
    {
        private long start;

        public IDatagramSocket? Socket { get; set; }

        public int Count { get; private set; }

        public long Allocated { get; private set; }

        public void OnDatagram(Span<byte> buffer, int length, in TransportAddress from)
        {
            // The first calls may compile something.
            if (++Count == 1_000)
            {
                start = GC.GetAllocatedBytesForCurrentThread();
            }

            Allocated = Count > 1_000 ? GC.GetAllocatedBytesForCurrentThread() - start : 0;
            Socket!.Send(buffer.Slice(DatagramBuffers.Headroom, length), from);
        }
    }
}
