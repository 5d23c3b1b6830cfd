using System.Net;
using System.Net.Http.Json;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>
/// A session whose client sends datagrams at a steady pace to a counting peer, which sends each back. The client behaves as any: it refreshes, and
/// does nothing else, whatever happens to the relay.
/// </summary>
internal sealed class ChaosCall : IAsyncDisposable
{
    private const int Bytes = 200;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(4);
    private readonly TurnClient _client;
    private readonly CancellationTokenSource _stop = new();
    private Task _sending = Task.CompletedTask, _refreshing = Task.CompletedTask;

    private ChaosCall(string session, TurnClient client)
    {
        Session = session;
        _client = client;
    }

    public string Session { get; }

    public EchoPeer Peer { get; } = new();

    public ClientCounters Counters => _client.Counters;

    /// <summary>What the relay says of the allocation when it no longer knows it; null while all is well.</summary>
    public string? Lost { get; private set; }

    private TransportAddress PeerAddress => TransportAddress.From(new IPEndPoint(IPAddress.Loopback, Peer.Port));

    public static async Task<ChaosCall> StartAsync(HttpClient tenant, int relayPort)
    {
        using var made = await ChaosRegion.AskAsync(() => tenant.PostAsJsonAsync("/v1/sessions", new { endpoints = new[] { new { name = "caller" }, new { name = "callee" } } }));
        var turn = made.RootElement.GetProperty("endpoints")[0].GetProperty("iceServers").EnumerateArray().First(server => server.TryGetProperty("username", out var name) && name.GetString() is not null);
        var client = await new TurnClient(new TurnClientOptions
        {
            Server = new IPEndPoint(IPAddress.Loopback, relayPort),
            Username = turn.GetProperty("username").GetString(),
            Password = turn.GetProperty("credential").GetString(),
            IgnoreUnreachable = true,
            RetransmissionTimeout = TimeSpan.FromSeconds(2),
            SocketBuffer = 4 << 20,
        }).ConnectAsync();
        client.DatagramReceived = static (_, _) => { };
        var call = new ChaosCall(made.RootElement.GetProperty("id").GetString()!, client);
        await client.AllocateAsync();
        await client.BindChannelAsync(call.PeerAddress);
        return call;
    }

    /// <summary>Begins to send.</summary>
    public void Run()
    {
        _sending = SendAsync();
        _refreshing = RefreshAsync();
    }

    /// <summary>Sends until an echo comes.</summary>
    public async Task NextEchoAsync()
    {
        var before = Counters.DatagramsReceived;
        using var timer = new PeriodicTimer(Pace);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (Counters.DatagramsReceived == before)
        {
            await _client.SendAsync(PeerAddress, new byte[Bytes]);
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>Stops sending and waits for the echoes on their way.</summary>
    public async Task QuietAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_sending, _refreshing);
        long before;
        do
        {
            before = Counters.LegBytesReceived + Peer.BytesReceived;
            await Task.Delay(1_000);
        }
        while (Counters.LegBytesReceived + Peer.BytesReceived != before);
    }

    /// <summary>Deletes the allocation.</summary>
    public async Task CloseAsync() => await TryAsync(() => _client.RefreshAsync(lifetimeSeconds: 0));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_sending, _refreshing);
        await _client.DisposeAsync();
        await Peer.DisposeAsync();
        _stop.Dispose();
    }

    private async Task SendAsync()
    {
        using var timer = new PeriodicTimer(Pace);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                await _client.SendAsync(PeerAddress, new byte[Bytes]);
            }
        }
        catch (OperationCanceledException)
        {
            // quiet
        }
    }

    private async Task RefreshAsync()
    {
        using var timer = new PeriodicTimer(RefreshEvery);
        try
        {
            while (Lost is null && await timer.WaitForNextTickAsync(_stop.Token))
            {
                await TryAsync(() => _client.RefreshAsync());
                await TryAsync(() => _client.BindChannelAsync(PeerAddress));
            }
        }
        catch (OperationCanceledException)
        {
            // quiet
        }
    }

    private async Task TryAsync(Func<Task> request)
    {
        try
        {
            await request();
        }
        catch (StunErrorException refusal)
        {
            Lost ??= $"{refusal.Code} {refusal.Reason}";
        }
    }
}
