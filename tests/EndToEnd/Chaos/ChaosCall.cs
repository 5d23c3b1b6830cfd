using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>
/// A session whose client sends datagrams to a counting peer, which sends each back. The client behaves as any: it sends and refreshes, whatever
/// happens to the relay; what is lost on the way is lost. Only what arrives is counted, on both ends.
/// </summary>
internal sealed class ChaosCall : IAsyncDisposable
{
    public const int Bytes = 200;
    private const int DeletedAlready = 437;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(4);
    private static readonly byte[] Datagram = new byte[Bytes];
    private readonly TurnClient _client;
    private readonly CancellationTokenSource _stop = new();
    private Task _sending = Task.CompletedTask, _refreshing = Task.CompletedTask;
    private long? _billedToClient;
    private long _lastEcho;

    private ChaosCall(string session, TurnClient client, EchoPeer peer)
    {
        Session = session;
        _client = client;
        Peer = peer;
    }

    public string Session { get; }

    /// <summary>Told when its allocation begins and ends, as the client knows it.</summary>
    public AliveCount? Alive { get; init; }

    public EchoPeer Peer { get; }

    public long DatagramsSent => _client.Counters.DatagramsSent;

    /// <summary>Echoes received.</summary>
    public long Echoes => _client.Counters.DatagramsReceived;

    /// <summary>What the relay owes the client's bill: all that arrived, but for challenges, refusals of an allocation, and what answers requests after the end.</summary>
    public long BytesToClient => Relayed is null ? 0 : _billedToClient ?? Received;

    /// <summary>When the last echo came; <see cref="Stopwatch"/> ticks.</summary>
    public long LastEcho => Volatile.Read(ref _lastEcho);

    /// <summary>Longest time between two echoes since it was last set.</summary>
    public TimeSpan LongestGap { get; set; }

    /// <summary>The relayed transport address; null until there is one.</summary>
    public IPEndPoint? Relayed { get; private set; }

    /// <summary>The first refusal of a request for the allocation; null while all is well.</summary>
    public string? Lost { get; private set; }

    private long Received => _client.Counters.LegBytesReceived - _client.Counters.RefusedBytesReceived;

    private TransportAddress PeerAddress => TransportAddress.From(Peer.Address);

    /// <summary>Makes a session, an allocation and a channel.</summary>
    /// <param name="tenant">Whose, at a gateway of the region that the session shall be in.</param>
    /// <param name="relay">The relay.</param>
    /// <param name="alive">Told when the allocation begins and ends.</param>
    /// <param name="peerAddress">An address of this machine that the relay reaches; null for loopback.</param>
    public static async Task<ChaosCall> StartAsync(HttpClient tenant, IPEndPoint relay, AliveCount? alive = null, IPAddress? peerAddress = null)
    {
        var call = await MakeAsync(tenant, relay, alive, peerAddress);
        await call.OpenAsync();
        return call;
    }

    /// <summary>Makes a session.</summary>
    /// <inheritdoc cref="StartAsync"/>
    public static async Task<ChaosCall> MakeAsync(HttpClient tenant, IPEndPoint relay, AliveCount? alive = null, IPAddress? peerAddress = null)
    {
        using var made = await ChaosRegion.AskAsync(() => tenant.PostAsJsonAsync("/v1/sessions", new { endpoints = new[] { new { name = "caller" }, new { name = "callee" } } }));
        var turn = made.RootElement.GetProperty("endpoints")[0].GetProperty("iceServers").EnumerateArray().First(server => server.TryGetProperty("username", out var name) && name.GetString() is not null);
        var client = await new TurnClient(new TurnClientOptions
        {
            Server = relay,
            Username = turn.GetProperty("username").GetString(),
            Password = turn.GetProperty("credential").GetString(),
            IgnoreUnreachable = true,
            RetransmissionTimeout = TimeSpan.FromSeconds(1),
            SocketBuffer = 4 << 20,
        }).ConnectAsync();
        var call = new ChaosCall(made.RootElement.GetProperty("id").GetString()!, client, new EchoPeer(peerAddress)) { Alive = alive };
        client.DatagramReceived = (_, _) => call.OnEcho();
        return call;
    }

    /// <summary>Makes its allocation and channel.</summary>
    public async Task OpenAsync()
    {
        Relayed = (await _client.AllocateAsync()).Relayed.ToIPEndPoint();
        Alive?.Begin();
        await _client.BindChannelAsync(PeerAddress);
    }

    /// <summary>Begins to send at a steady pace, and to refresh.</summary>
    public void Run()
    {
        _sending = EveryAsync(Pace, () => _client.SendAsync(PeerAddress, Datagram).AsTask());
        _refreshing = EveryAsync(RefreshEvery, RefreshAsync);
    }

    /// <summary>Sends at a steady pace until cancelled.</summary>
    public async Task SendUntilAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Pace);
        while (!cancellation.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
            await _client.SendAsync(PeerAddress, Datagram, CancellationToken.None);
        }
    }

    /// <summary>Begins to keep <paramref name="window"/> datagrams on their way, as fast as they come back.</summary>
    public void Flood(int window)
    {
        var seen = -1L;
        _client.DatagramReceived = (_, _) =>
        {
            OnEcho();
            if (!_stop.IsCancellationRequested)
            {
                _client.Send(PeerAddress, Datagram);
            }
        };
        _sending = EveryAsync(TimeSpan.FromMilliseconds(50), () =>
        {
            for (var i = 0; seen == Echoes && i < window; i++)
            {
                _client.Send(PeerAddress, Datagram);
            }

            seen = Echoes;
            return Task.CompletedTask;
        });
    }

    /// <summary>Stops sending and waits for the echoes on their way.</summary>
    public async Task QuietAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_sending, _refreshing);
        long before;
        do
        {
            before = Received + Peer.BytesReceived;
            await Task.Delay(500);
        }
        while (Received + Peer.BytesReceived != before);
    }

    /// <summary>Deletes the allocation.</summary>
    public async Task CloseAsync()
    {
        Alive?.End();
        try
        {
            await _client.RefreshAsync(lifetimeSeconds: 0);
            _billedToClient = Received;
        }
        catch (StunErrorException refusal) when (refusal.Code == DeletedAlready && Lost is null)
        {
            // The response that was lost with its relay was not sent; this one is nobody's bill.
            _billedToClient = Received - refusal.Response!.Bytes.Length;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_sending, _refreshing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _client.DisposeAsync();
        await Peer.DisposeAsync();
        _stop.Dispose();
    }

    private void OnEcho()
    {
        var (before, now) = (_lastEcho, Stopwatch.GetTimestamp());
        var gap = Stopwatch.GetElapsedTime(before, now);
        LongestGap = before != 0 && gap > LongestGap ? gap : LongestGap;
        Volatile.Write(ref _lastEcho, now);
    }

    private async Task EveryAsync(TimeSpan period, Func<Task> step)
    {
        using var timer = new PeriodicTimer(period);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                await step();
            }
        }
        catch (OperationCanceledException)
        {
            // quiet
        }
    }

    private async Task RefreshAsync()
    {
        try
        {
            await _client.RefreshAsync();
            await _client.BindChannelAsync(PeerAddress);
        }
        catch (StunTimeoutException)
        {
            // The relay is away for longer than a client asks: it asks again at the next turn.
        }
        catch (StunErrorException refusal)
        {
            Lost ??= $"{refusal.Method} {refusal.Code} {refusal.Reason}";
        }
    }
}
