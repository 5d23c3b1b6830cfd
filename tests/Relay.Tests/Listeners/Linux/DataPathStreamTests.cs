using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NetDiscovery.Relay.Listeners.Linux;

namespace NetDiscovery.Relay.Tests.Listeners.Linux;

/// <summary>A TCP connection that waits with its worker's datagrams.</summary>
public sealed class DataPathStreamTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource datagram = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IDisposable> opened = [];
    private readonly BatchedPath path;

    public DataPathStreamTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        path = new BatchedPath(new Sink((_, _) => datagram.TrySetResult()));
        path.Socket.Start();
    }

    public void Dispose()
    {
        opened.ForEach(part => part.Dispose());
        path?.Dispose();
    }

    [Fact]
    public async Task Every_byte_comes_in_order_both_ways()
    {
        var (stream, client) = Connect();
        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        var echoing = EchoAsync(stream, 1000);
        var (received, there) = (new byte[sent.Length], client.GetStream());
        var receiving = there.ReadExactlyAsync(received).AsTask();

        await there.WriteAsync(sent).AsTask().WaitAsync(Limit);
        client.Client.Shutdown(SocketShutdown.Send);

        await receiving.WaitAsync(Limit);
        Assert.Equal(sent.Length, await echoing.WaitAsync(Limit));
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task What_came_before_the_first_read_is_read()
    {
        var (stream, client) = Connect(before: [1, 2, 3]);
        client.Client.Shutdown(SocketShutdown.Send);
        var buffer = new byte[2];

        Assert.Equal(2, await ReadAsync(stream, buffer));
        Assert.Equal([1, 2], buffer);
        Assert.Equal(1, await ReadAsync(stream, buffer));
        Assert.Equal(3, buffer[0]);
        Assert.Equal(0, await ReadAsync(stream, buffer));
        Assert.Equal(0, await ReadAsync(stream, buffer));
    }

    [Fact]
    public async Task A_read_without_room_waits_for_something_to_read()
    {
        var (stream, client) = Connect();
        var waiting = ReadAsync(stream, []);
        Assert.False(waiting.IsCompleted);

        client.Client.Send([7]);

        Assert.Equal(0, await waiting);
        var buffer = new byte[10];
        Assert.Equal(1, await ReadAsync(stream, buffer));
        Assert.Equal(7, buffer[0]);
    }

    [Fact]
    public async Task A_write_waits_for_a_client_that_does_not_read()
    {
        var (stream, client) = Connect();
        var bytes = RandomNumberGenerator.GetBytes(20_000_000);
        var writing = stream.WriteAsync(bytes, TestContext.Current.CancellationToken).AsTask();
        Assert.False(writing.IsCompleted);

        var received = new byte[bytes.Length];
        await client.GetStream().ReadExactlyAsync(received, TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit);
        await writing.WaitAsync(Limit);
        Assert.Equal(bytes, received);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Closing_ends_what_waits(bool inside)
    {
        var (stream, client) = Connect();
        var reading = ReadAsync(stream, new byte[10]);
        var writing = stream.WriteAsync(new byte[20_000_000], TestContext.Current.CancellationToken).AsTask();

        if (inside)
        {
            lock (path.Gate)
            {
                stream.Close();
                Assert.True(path.Gate.IsHeldByCurrentThread);
            }
        }
        else
        {
            stream.Close();
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writing.WaitAsync(Limit));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(stream, new byte[1]));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.WriteAsync(new byte[1], TestContext.Current.CancellationToken).AsTask());
        await ToEndAsync(client);
        stream.Close();
    }

    [Fact]
    public async Task Closing_does_not_wait_for_the_worker()
    {
        // Two workers close each other's connections, each inside itself.
        var (stream, _) = Connect();
        Task closing;
        lock (path.Gate)
        {
            closing = Task.Run(stream.Close, TestContext.Current.CancellationToken);
            Assert.True(((IAsyncResult)closing).AsyncWaitHandle.WaitOne(Limit), "Closing waits for whoever is inside the worker.");
        }

        await closing;
    }

    [Fact]
    public async Task A_client_that_resets_ends_a_read_and_a_write()
    {
        var (stream, client) = Connect();
        var reading = ReadAsync(stream, new byte[10]);
        var writing = stream.WriteAsync(new byte[20_000_000], TestContext.Current.CancellationToken).AsTask();

        client.Client.LingerState = new LingerOption(true, 0);
        client.Close();

        // Whichever meets the reset first takes the error; to the other the connection has only ended.
        await Assert.ThrowsAsync<IOException>(() => writing.WaitAsync(Limit));
        try
        {
            Assert.Equal(0, await reading);
        }
        catch (IOException)
        {
            // The reset itself.
        }
    }

    [Fact]
    public async Task A_socket_closed_below_the_stream_ends_it_without_touching_another()
    {
        var (stream, _) = Connect(out var socket);
        socket.Dispose();
        var (other, client) = Connect();

        await Assert.ThrowsAsync<IOException>(() => stream.WriteAsync(new byte[] { 1 }, TestContext.Current.CancellationToken).AsTask());
        client.Client.Send([5]);
        var buffer = new byte[1];
        Assert.Equal(1, await ReadAsync(other, buffer));
        Assert.Equal(5, buffer[0]);
    }

    [Fact]
    public async Task Clients_that_never_stop_keep_neither_datagrams_nor_other_clients_waiting()
    {
        using var enough = new CancellationTokenSource();
        var floods = new List<Task>();
        for (var i = 0; i < 4; i++)
        {
            var (flooded, flooder) = Connect();
            floods.Add(Task.Factory.StartNew(() => Flood(flooder, enough.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
            _ = DrainAsync(flooded);
        }

        var (stream, client) = Connect();
        _ = EchoAsync(stream, 100);
        for (var i = 0; i < 50; i++)
        {
            client.Client.Send([(byte)i]);
            var answer = new byte[1];
            Assert.Equal(1, await client.GetStream().ReadAsync(answer, TestContext.Current.CancellationToken).AsTask().WaitAsync(Limit));
            Assert.Equal(i, answer[0]);
        }

        path.Other.Send([1]);
        await datagram.Task.WaitAsync(Limit);
        await enough.CancelAsync();
        await Task.WhenAll(floods).WaitAsync(Limit);
    }

    [Fact]
    public async Task Connections_that_come_and_go_are_not_taken_for_each_other()
    {
        for (var i = 0; i < 300; i++)
        {
            var (stream, client) = Connect(before: [(byte)i]);
            var buffer = new byte[4];
            Assert.Equal(1, await ReadAsync(stream, buffer));
            Assert.Equal((byte)i, buffer[0]);
            var (left, leaving) = ((i & 1) == 0, ReadAsync(stream, buffer));
            if (left)
            {
                client.Close();
                Assert.Equal(0, await leaving);
            }

            stream.Close();
            if (!left)
            {
                await Assert.ThrowsAsync<ObjectDisposedException>(() => leaving);
                client.Close();
            }
        }
    }

    [Fact]
    public async Task Reads_go_on_where_the_datagrams_are_waited_for()
    {
        var (stream, client) = Connect();
        var thread = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);

        stream.ReadAsync(new byte[1]).GetAwaiter().UnsafeOnCompleted(() => thread.SetResult(Thread.CurrentThread.Name));
        client.Client.Send([1]);

        Assert.Equal("relay data path", await thread.Task.WaitAsync(Limit));
    }

    private static async Task<int> ReadAsync(Stream stream, byte[] buffer) => await stream.ReadAsync(buffer.AsMemory()).AsTask().WaitAsync(Limit);

    private static async Task<int> EchoAsync(Stream stream, int size)
    {
        var (buffer, total) = (new byte[size], 0);
        while (await stream.ReadAsync(buffer).ConfigureAwait(false) is > 0 and var count)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            total += count;
        }

        return total;
    }

    private static async Task DrainAsync(Stream stream)
    {
        try
        {
            var buffer = new byte[1000];
            while (await stream.ReadAsync(buffer).ConfigureAwait(false) > 0)
            {
                // Nothing is kept.
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private static void Flood(TcpClient client, CancellationToken enough)
    {
        var bytes = new byte[100_000];
        while (!enough.IsCancellationRequested)
        {
            client.Client.Send(bytes);
        }
    }

    private static async Task ToEndAsync(TcpClient client)
    {
        try
        {
            var buffer = new byte[100_000];
            while (await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Limit) > 0)
            {
                // What was on its way.
            }
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
    }

    private (Stream Stream, TcpClient Client) Connect(byte[]? before = null) => Connect(out _, before);

    private (Stream Stream, TcpClient Client) Connect(out Socket accepted, byte[]? before = null)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new TcpClient { NoDelay = true };
        client.Connect((IPEndPoint)listener.LocalEndPoint!);
        client.Client.Send(before ?? []);
        accepted = listener.Accept();
        var stream = path.Carry(accepted);
        Assert.IsType<DataPathStream>(stream);
        opened.AddRange([client, stream]);
        return (stream, client);
    }
}
