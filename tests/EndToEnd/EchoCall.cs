using System.Net;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.EndToEnd;

/// <summary>One allocation that exchanges datagrams with an <see cref="EchoPeer"/> through a channel; deleted at the end unless the relay is gone.</summary>
internal sealed class EchoCall : IAsyncDisposable
{
    private static readonly TimeSpan EchoLimit = TimeSpan.FromSeconds(30);
    private readonly TurnClient _client;
    private readonly TransportAddress _peer;

    private EchoCall(TurnClient client, TransportAddress peer)
    {
        _client = client;
        _peer = peer;
    }

    public static Task<EchoCall> OpenAsync(int relayPort, Token token, EchoPeer peer) => OpenAsync(new IPEndPoint(IPAddress.Loopback, relayPort), token, peer);

    public static async Task<EchoCall> OpenAsync(IPEndPoint relay, Token token, EchoPeer peer)
    {
        var client = await new TurnClient(new TurnClientOptions
        {
            Server = relay,
            Username = token.Username,
            Password = token.Credential,
        }).ConnectAsync();
        await client.AllocateAsync();
        var address = TransportAddress.From(peer.Address);
        await client.BindChannelAsync(address);
        return new EchoCall(client, address);
    }

    /// <summary>Sends one after another, each after the echo of the one before.</summary>
    public async Task ExchangeAsync(int datagrams, int bytes)
    {
        var data = new byte[bytes];
        for (var number = 0; number < datagrams; number++)
        {
            data.AsSpan().Fill((byte)number);
            await _client.SendAsync(_peer, data);
            using var limit = new CancellationTokenSource(EchoLimit);
            var echo = await _client.ReceiveAsync(limit.Token);
            Assert.Equal(data, echo.Data.ToArray());
        }
    }

    /// <summary>Refreshes allocation, channel and permission, as a client does that goes on for long (a permission ends after five minutes, RFC 8656 section 9).</summary>
    public async Task KeepAsync()
    {
        await _client.RefreshAsync();
        await _client.BindChannelAsync(_peer);
    }

    /// <summary>Deletes the allocation.</summary>
    public async Task CloseAsync() => await _client.RefreshAsync(lifetimeSeconds: 0);

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
