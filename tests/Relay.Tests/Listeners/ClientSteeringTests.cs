using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Listeners;

public sealed class ClientSteeringTests
{
    [Theory]
    [InlineData("127.0.0.1", 2)]
    [InlineData("127.0.0.1", 7)]
    [InlineData("::1", 2)]
    [InlineData("::1", 7)]
    public async Task The_kernel_gives_every_client_to_the_worker_that_its_address_says(string address, int workers)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "one worker elsewhere");
        var ip = IPAddress.Parse(address);
        var gate = new Lock();
        using var path = new PortableDatagramPath(gate);
        var arrivals = new Arrivals();
        var local = TransportAddress.From(new IPEndPoint(ip, 0));
        var sockets = new List<IDatagramSocket>();
        for (var i = 0; i < workers; i++)
        {
            sockets.Add(path.TryOpen(local, i == 0 ? PortSharing.First : PortSharing.Further, 1 << 20, new Sink(i, arrivals), out _)!);
            local = sockets[0].Local;
        }

        Assert.True(ClientSteering.TryAttach(sockets[^1], workers));
        sockets.ForEach(socket => socket.Start());
        var reached = new HashSet<int>();
        for (var i = 0; i < 60; i++)
        {
            using var client = new UdpClient(new IPEndPoint(ip, 0));
            await client.SendAsync(new byte[] { 1 }, local.ToIPEndPoint(), TestContext.Current.CancellationToken);
            var (worker, from) = await arrivals.NextAsync();
            Assert.Equal(ClientSteering.WorkerOf(from, workers), worker);
            reached.Add(worker);
        }

        Assert.InRange(reached.Count, 2, workers);
        sockets.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public void Clients_spread_evenly_also_those_whose_ports_are_all_even()
    {
        foreach (var workers in new[] { 2, 3, 8 })
        {
            var counts = new int[workers];
            for (var i = 0; i < 10_000; i++)
            {
                counts[ClientSteering.WorkerOf(TransportAddress.FromIPv4(0xC0000200u + (uint)(i / 200), (ushort)(20_000 + (i * 2))), workers)]++;
            }

            Assert.All(counts, count => Assert.InRange(count, 10_000 / workers * 0.85, 10_000 / workers * 1.15));
        }
    }

    private sealed class Arrivals
    {
        private readonly System.Threading.Channels.Channel<(int, TransportAddress)> queue = System.Threading.Channels.Channel.CreateUnbounded<(int, TransportAddress)>();

        public void Add(int worker, TransportAddress from) => queue.Writer.TryWrite((worker, from));

        public async Task<(int Worker, TransportAddress From)> NextAsync()
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            return await queue.Reader.ReadAsync(limit.Token);
        }
    }

    private sealed class Sink(int worker, Arrivals arrivals) : IDatagramSink
    {
        public void OnDatagram(Span<byte> buffer, int length, in TransportAddress from) => arrivals.Add(worker, from);
    }
}
