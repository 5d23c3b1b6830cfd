using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace NetDiscovery.Gateway.Tests.Signaling;

/// <summary>A plain WebSocket client of a session's signaling; keeps every message.</summary>
internal sealed class SignalingClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ClientWebSocket socket = new();
    private long sequence;

    private SignalingClient()
    {
    }

    public List<JsonNode> Messages { get; } = [];

    public WebSocketCloseStatus? CloseStatus => socket.CloseStatus;

    public static async Task<SignalingClient> ConnectAsync(Uri gateway, string session, string joinToken, long? after = null, long sequence = 0)
    {
        var client = new SignalingClient { sequence = sequence };
        client.socket.Options.AddSubProtocol("netdiscovery.v1");
        client.socket.Options.AddSubProtocol($"token.{joinToken}");
        using var patience = new CancellationTokenSource(Patience);
        await client.socket.ConnectAsync(new Uri($"ws://{gateway.Authority}/v1/sessions/{session}/signaling{(after is { } seen ? $"?after={seen}" : "")}"), patience.Token);
        Assert.Equal("netdiscovery.v1", client.socket.SubProtocol);
        await client.UntilAsync(message => (string?)message["type"] == "hello", "hello");
        return client;
    }

    /// <summary>Sends a numbered message.</summary>
    public Task SayAsync(string body) => SendAsync($$"""{"seq":{{++sequence}},{{body}}}""");

    public Task SendAsync(string json) => socket.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, CancellationToken.None);

    /// <summary>Reads until a message is there, one read before included.</summary>
    public async Task<JsonNode> UntilAsync(Func<JsonNode, bool> wanted, string what)
    {
        while (true)
        {
            if (Messages.FirstOrDefault(wanted) is { } found)
            {
                return found;
            }

            Assert.True(await ReadAsync(what), $"The connection ended before: {what}. Got {string.Join(' ', Messages.Select(message => message["type"]))}");
        }
    }

    /// <summary>Reads until the gateway closes.</summary>
    public async Task<WebSocketCloseStatus?> UntilClosedAsync()
    {
        while (await ReadAsync("close"))
        {
        }

        return socket.CloseStatus;
    }

    public Task<JsonNode> UntilTypeAsync(string type) => UntilAsync(message => (string?)message["type"] == type, type);

    public void Abort() => socket.Abort();

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<bool> ReadAsync(string what)
    {
        var buffer = new byte[256 * 1024];
        var length = 0;
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            ValueWebSocketReceiveResult part;
            try
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(length), patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Not within {Patience.TotalSeconds} s: {what}. Got {string.Join(' ', Messages.Select(message => message.ToJsonString()))}");
            }

            if (part.MessageType == WebSocketMessageType.Close)
            {
                return false;
            }

            length += part.Count;
            if (part.EndOfMessage)
            {
                Messages.Add(JsonNode.Parse(buffer.AsSpan(0, length))!);
                return true;
            }
        }
    }
}
