using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NetDiscovery.Sessions.Bench;

/// <summary>
/// What the same clients cost by themselves: a web server that answers as a gateway does and checks nothing, keeps nothing and knows no cluster. A session is
/// decided when both of its endpoints have said something.
/// </summary>
internal static class Floor
{
    private const string Servers = """[{"urls":["stun:127.0.0.1:3478","turn:127.0.0.1:3478?transport=udp"],"username":"1780000000:floor","credential":"AAAAAAAAAAAAAAAAAAAAAAAAAAA="}]""";
    private const string Reason = "The NATs of alice and bob map independently of the peer: both can be reached at their reflexive addresses.";

    private static readonly ConcurrentDictionary<string, Session> Sessions = new();

    /// <summary>Serves until the process is ended.</summary>
    public static async Task RunAsync(string address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        var app = builder.Build();
        app.UseWebSockets();
        app.MapGet("/health/ready", () => "ready");
        app.MapPost("/v1/sessions", CreateAsync);
        app.MapGet("/v1/sessions/{id}/signaling", JoinAsync);
        await app.RunAsync();
    }

    private static async Task CreateAsync(HttpContext http)
    {
        using (var body = new StreamReader(http.Request.Body))
        {
            await body.ReadToEndAsync();
        }

        var id = $"SE{Guid.NewGuid():N}.local";
        Sessions[id] = new Session();
        http.Response.StatusCode = StatusCodes.Status201Created;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(
            $$"""
            {"id":"{{id}}","tenant":"AC00000000000000000000000000000000","region":"local","state":"created","decision":{"mode":"undecided","reason":"Too little is known.","inputs":{},"region":{"name":"local","reason":"it is this one"} },
            "endpoints":[{"name":"alice","joinToken":"{{Guid.NewGuid():N}}","iceServers":{{Servers}} },{"name":"bob","joinToken":"{{Guid.NewGuid():N}}","iceServers":{{Servers}} }],"metadata":{},"createdAt":"2026-01-01T00:00:00Z"}
            """);
    }

    private static async Task JoinAsync(HttpContext http, string id)
    {
        var session = Sessions[id];
        using var socket = await http.WebSockets.AcceptWebSocketAsync("netdiscovery.v1");
        await SayAsync(socket, $$"""{"type":"hello","session":"{{id}}","endpoint":"alice","endpoints":[],"resumed":false,"received":0,"heartbeatSeconds":5,"lostAfterSeconds":12,"state":"created","mode":"undecided","reason":"Too little is known.","iceServers":{{Servers}} }""");
        var buffer = new byte[4096];
        try
        {
            await socket.ReceiveAsync(buffer.AsMemory(), http.RequestAborted);
            await SayAsync(socket, """{"type":"ack","seq":1}""");
            if (Interlocked.Increment(ref session.Heard) == 2)
                session.Decided.SetResult();
            await session.Decided.Task;
            await SayAsync(socket, $$"""{"type":"decision","seq":1,"mode":"stun","reason":"{{Reason}}"}""");
            while ((await socket.ReceiveAsync(buffer.AsMemory(), http.RequestAborted)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            // The client has left.
        }

        Sessions.TryRemove(id, out _);
    }

    private static ValueTask SayAsync(WebSocket socket, string json) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(json).AsMemory(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    private sealed class Session
    {
        public int Heard;

        public TaskCompletionSource Decided { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
