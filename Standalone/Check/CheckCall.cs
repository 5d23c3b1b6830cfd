using System.Buffers.Binary;
using System.Diagnostics;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Standalone.Check;

/// <summary>Two clients with an allocation each on the same relay send each other numbered datagrams.</summary>
/// <param name="AToB">What A sent and B received.</param>
/// <param name="BToA">What B sent and A received.</param>
/// <param name="Elapsed">How long the datagrams took.</param>
public sealed record CheckCall(CheckCall.Direction AToB, CheckCall.Direction BToA, TimeSpan Elapsed)
{
    // Few enough in flight that no socket buffer overflows: a loss here is the relay's.
    private const int Window = 64;
    private static readonly TimeSpan Stalled = TimeSpan.FromSeconds(2);

    /// <summary>Allocates, exchanges, deletes both allocations.</summary>
    public static async Task<CheckCall> RunAsync(CheckToken token, int datagrams, int size)
    {
        await using var a = await ConnectAsync(token);
        await using var b = await ConnectAsync(token);
        var relayedA = (await a.AllocateAsync()).Relayed;
        var relayedB = (await b.AllocateAsync()).Relayed;
        Console.WriteLine($"allocated  A {relayedA}, B {relayedB}");
        await a.BindChannelAsync(relayedB);
        await b.BindChannelAsync(relayedA);

        var clock = Stopwatch.StartNew();
        var aToB = new Flow(a, relayedB, b, size);
        var bToA = new Flow(b, relayedA, a, size);
        await Task.WhenAll(aToB.SendAsync(datagrams), bToA.SendAsync(datagrams));
        var elapsed = clock.Elapsed;

        await a.RefreshAsync(lifetimeSeconds: 0);
        await b.RefreshAsync(lifetimeSeconds: 0);
        return new CheckCall(aToB.Result, bToA.Result, elapsed);
    }

    private static Task<TurnClient> ConnectAsync(CheckToken token) =>
        new TurnClient(new TurnClientOptions { Server = token.Relay, Username = token.Username, Password = token.Credential }).ConnectAsync();

    /// <summary>One direction's figures.</summary>
    public sealed record Direction(Traffic Sent, Traffic Delivered);

    /// <summary>One direction while it runs: sends ahead of what has arrived by at most a window.</summary>
    private sealed class Flow
    {
        private readonly TurnClient _sender;
        private readonly TransportAddress _peer;
        private readonly SemaphoreSlim _window = new(Window);
        private readonly byte[] _datagram;
        private readonly HashSet<long> _arrived = [];
        private Traffic _sent, _delivered;

        public Flow(TurnClient sender, TransportAddress peer, TurnClient receiver, int size)
        {
            _sender = sender;
            _peer = peer;
            _datagram = new byte[size];
            receiver.DatagramReceived = OnArrived;
        }

        public Direction Result => new(_sent, _delivered);

        public async Task SendAsync(int datagrams)
        {
            for (long number = 0; number < datagrams; number++)
            {
                // A lost datagram never gives its place back; go on after a pause, so that the loss is counted rather than waited for.
                await _window.WaitAsync(Stalled);
                Fill(_datagram, number);
                await _sender.SendAsync(_peer, _datagram);
                _sent += new Traffic(1, _datagram.Length);
            }

            for (var place = 0; place < Window && await _window.WaitAsync(Stalled); place++)
            {
                // each place that comes back is one that has arrived
            }
        }

        private static void Fill(Span<byte> datagram, long number)
        {
            BinaryPrimitives.WriteInt64BigEndian(datagram, number);
            datagram[8..].Fill((byte)number);
        }

        /// <summary>Counts a datagram that is whole and new.</summary>
        private void OnArrived(TransportAddress peer, ReadOnlyMemory<byte> data)
        {
            var number = data.Length >= 8 ? BinaryPrimitives.ReadInt64BigEndian(data.Span) : -1;
            if (data.Length == _datagram.Length && !data.Span[8..].ContainsAnyExcept((byte)number) && _arrived.Add(number))
            {
                _delivered += new Traffic(1, data.Length);
                _window.Release();
            }
        }
    }
}
