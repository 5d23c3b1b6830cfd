using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Tests.RelayedAddresses;

/// <summary>Relayed ports where other programs of the machine have nearly all of the range (RFC 8656 §7.2 step 5: 508 only when there is none).</summary>
[Collection(nameof(PortReuseTests))]
public sealed class OccupiedPortTests
{
    private const int First = 6_900, Last = 6_999;
    private static readonly TransportAddress Loopback = TransportAddress.Parse("127.0.0.1:0");
    private readonly FakeTimeProvider time = new();

    public static TheoryData<string> Paths => DatagramPathChoice.HasBatched ? [DatagramPathChoice.Portable, DatagramPathChoice.Batched] : [DatagramPathChoice.Portable];

    [Theory, MemberData(nameof(Paths))]
    public void The_one_free_port_is_found_and_while_it_is_in_use_there_is_none(string path)
    {
        using var worker = new OneWorker(path);
        using var others = new Programs(ProtocolType.Udp);
        var free = others.Leave();
        for (var i = 0; i < 10; i++)
        {
            var address = NewAddress();
            using (var opened = worker.Opener.TryOpen(address, PortParity.Any, out _))
            {
                Assert.Equal(free, PortOf(opened?.Public));
                Assert.Null(worker.Opener.TryOpen(address, PortParity.Any, out _));
            }

            Assert.Equal(address.Ports.Capacity, address.Ports.Free);
        }
    }

    [Theory, MemberData(nameof(Paths))]
    public void A_port_that_another_program_leaves_is_found_after_a_while(string path)
    {
        using var worker = new OneWorker(path);
        using var others = new Programs(ProtocolType.Udp);
        var address = NewAddress();
        Assert.Null(worker.Opener.TryOpen(address, PortParity.Any, out _));
        Assert.Null(worker.Opener.TryOpen(address, PortParity.Even, out _));
        Assert.Null(worker.Opener.TryOpen(address, PortParity.EvenWithNext, out _));
        Assert.Equal(address.Ports.Capacity, address.Ports.Free);

        var free = others.Leave();
        time.Advance(OccupiedPorts.BelievedFor);
        using var opened = worker.Opener.TryOpen(address, PortParity.Any, out _);
        Assert.Equal(free, PortOf(opened?.Public));
    }

    [Theory, MemberData(nameof(Paths))]
    public void The_one_even_port_that_is_free_is_found_and_the_next_one_reserved(string path)
    {
        using var worker = new OneWorker(path);
        using var others = new Programs(ProtocolType.Udp);
        var free = others.Leave(port => port % 2 == 0);
        var address = NewAddress();
        using (var opened = worker.Opener.TryOpen(address, PortParity.EvenWithNext, out var reserved))
        {
            Assert.Equal((free, free + 1), (PortOf(opened?.Public), (int)reserved));
            Assert.Equal(address.Ports.Capacity - 2, address.Ports.Free);
            address.Ports.Release(reserved);
        }

        Assert.Equal(address.Ports.Capacity, address.Ports.Free);
    }

    [Fact]
    public void The_one_port_free_for_TCP_is_found_and_one_that_is_left_after_a_while()
    {
        using var others = new Programs(ProtocolType.Tcp);
        var free = others.Leave();
        var address = NewAddress();
        using var opened = RelayedListener.TryOpen(address);
        Assert.Equal(free, PortOf(opened?.Public));
        Assert.Null(RelayedListener.TryOpen(address));

        var left = others.Leave();
        time.Advance(OccupiedPorts.BelievedFor);
        using var another = RelayedListener.TryOpen(address);
        Assert.Equal(left, PortOf(another?.Public));
        Assert.Equal(address.Ports.Capacity - 2, address.Ports.Free);
    }

    private static int PortOf(TransportAddress? address) => address?.Port ?? 0;

    private RelayedAddress NewAddress() => new(Loopback, Loopback, new PortPool(First, Last), time);

    /// <summary>Other programs that have the whole range. A port that somebody has already will do as well, but can't be left.</summary>
    private sealed class Programs : IDisposable
    {
        private readonly List<Socket> sockets = [];

        public Programs(ProtocolType protocol)
        {
            for (var port = First; port <= Last; port++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
                try
                {
                    socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                    if (protocol == ProtocolType.Tcp)
                    {
                        socket.Listen();
                    }

                    sockets.Add(socket);
                }
                catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
                {
                    socket.Dispose();
                }
            }
        }

        /// <returns>The port, free from now on.</returns>
        public int Leave(Func<int, bool>? which = null)
        {
            var socket = sockets.Last(socket => which is null || which(PortOf(socket)));
            var port = PortOf(socket);
            sockets.Remove(socket);
            socket.Dispose();
            return port;
        }

        public void Dispose() => sockets.ForEach(socket => socket.Dispose());

        private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private sealed class OneWorker : IDisposable
    {
        private readonly Lock gate = new();
        private readonly IDatagramPath path;

        public OneWorker(string name)
        {
            path = DatagramPathChoice.Make(name, realtime: false).Open(gate, exception => Assert.Fail(exception.ToString()));
            Opener = new RelayedSocketOpener(path, new NoData(), 4_096);
        }

        public RelayedSocketOpener Opener { get; }

        public void Dispose()
        {
            lock (gate)
            {
                path.Dispose();
            }
        }
    }

    private sealed class NoData : IPeerDataSink
    {
        public void OnPeerData(RelayedSocket relayed, Span<byte> buffer, int length, in TransportAddress from)
        {
        }

        public void OnUnsentToPeer(RelayedSocket relayed, int length, bool counted)
        {
        }

        public void OnIcmp(RelayedSocket relayed, in TransportAddress to, Icmp error)
        {
        }
    }
}
