using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using NetDiscovery.Client.Http;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Client.Signaling;

/// <summary>
/// An endpoint's signaling connection to its session. Comes back by itself when a connection breaks or a gateway dies, and goes on where it
/// was: what is sent arrives once and in order, and so does what is read.
/// </summary>
public sealed class SessionConnection : IAsyncDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Uri address;
    private readonly string joinToken;
    private readonly Channel<SignalingMessage> incoming = Channel.CreateBounded<SignalingMessage>(256);
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim writing = new(1);
    private readonly Queue<(long Sequence, byte[] Json)> unconfirmed = new();
    private readonly TaskCompletionSource<SignalingMessage> greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource confirmed = Completed();
    private ClientWebSocket? socket;
    private Task running = Task.CompletedTask;
    private long sent;
    private long? taken;

    private SessionConnection(Uri gateway, string session, string joinToken)
    {
        address = new UriBuilder(new Uri(gateway, $"/v1/sessions/{Query.Segment(session)}/signaling")) { Scheme = gateway.Scheme == "https" ? "wss" : "ws" }.Uri;
        this.joinToken = joinToken;
    }

    /// <summary>The platform's greeting on the first connection: endpoints, decision, ICE servers.</summary>
    public SignalingMessage Hello { get; private set; } = new();

    /// <summary>Joins a session.</summary>
    /// <param name="gateway">The gateway's address, such as <c>https://gateway.example</c>.</param>
    /// <param name="session">The session's id.</param>
    /// <param name="joinToken">The endpoint's join token from the answer that made the session.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NetDiscoveryException">The platform refuses the join token, or does not answer.</exception>
    public static async Task<SessionConnection> JoinAsync(Uri gateway, string session, string joinToken, CancellationToken cancellation = default)
    {
        var connection = new SessionConnection(gateway, session, joinToken);
        connection.running = connection.RunAsync();
        try
        {
            connection.Hello = await connection.greeted.Task.WaitAsync(cancellation).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Reads what the platform says, <c>hello</c> of every connection included, until the session or the connection ends. Going on to the next message confirms the one before: it is
    /// not told again. One reader at a time.
    /// </summary>
    public async IAsyncEnumerable<SignalingMessage> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (var message in incoming.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            yield return message;
            if (message is { Seq: { } sequence, Type: not "error" })
                await WriteAsync(Bytes(new { type = "ack", seq = sequence })).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a session description.</summary>
    /// <param name="description">The description.</param>
    /// <param name="to">The endpoint it is for; null = all others.</param>
    public Task SendAsync(Description description, string? to = null) => SayAsync(sequence => new { type = "description", seq = sequence, to, description });

    /// <summary>Sends an ICE candidate.</summary>
    /// <param name="candidate">The candidate.</param>
    /// <param name="to">The endpoint it is for; null = all others.</param>
    public Task SendAsync(Candidate candidate, string? to = null) => SayAsync(sequence => new { type = "candidate", seq = sequence, to, candidate });

    /// <summary>Says how this endpoint's NAT behaves; the platform decides anew.</summary>
    public Task ReportNatAsync(Nat nat) => SayAsync(sequence => new { type = "nat", seq = sequence, nat });

    /// <summary>Says how the connection to the others is. Due whenever it changes.</summary>
    /// <param name="state"><c>new</c>, <c>checking</c>, <c>connected</c>, <c>disconnected</c> or <c>failed</c>.</param>
    /// <param name="path"><c>direct</c>, <c>relay</c> or null.</param>
    /// <param name="roundTripMilliseconds">Measured on the path.</param>
    public Task ReportConnectivityAsync(string state, string? path = null, int? roundTripMilliseconds = null) =>
        SayAsync(sequence => new { type = "connectivity", seq = sequence, state, path, roundTripMilliseconds });

    /// <summary>Leaves for good.</summary>
    public Task SayGoodbyeAsync(string reason = "") => SayAsync(sequence => new { type = "bye", seq = sequence, reason });

    /// <summary>Asks for fresh ICE servers; they come as a <c>relays</c> message.</summary>
    public Task AskRelaysAsync() => WriteAsync(Bytes(new { type = "relays" }));

    /// <summary>Waits until the platform has stored all that was sent up to now.</summary>
    public Task FlushAsync(CancellationToken cancellation = default) => Task.WhenAny(confirmed.Task, ended.Task).WaitAsync(cancellation);

    /// <summary>Ends the connection. The endpoint may join again with the same token.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        Exception? failure = null;
        for (var attempt = 0; !stop.IsCancellationRequested; attempt++)
        {
            using var connected = new ClientWebSocket();
            connected.Options.AddSubProtocol("netdiscovery.v1");
            connected.Options.AddSubProtocol($"token.{joinToken}");
            connected.Options.CollectHttpResponseDetails = true;
            try
            {
                await connected.ConnectAsync(taken is { } after ? new UriBuilder(address) { Query = $"after={after}" }.Uri : address, stop.Token).ConfigureAwait(false);
                await ReadAsync(connected, () => attempt = 0).ConfigureAwait(false);
                // 1000: the session has ended. 4001: another connection of this endpoint took over.
                if ((int?)connected.CloseStatus is 1000 or 4001)
                    break;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException)
            {
                failure = Explain(connected, exception);
                if (connected.HttpStatusCode is >= System.Net.HttpStatusCode.BadRequest and < System.Net.HttpStatusCode.InternalServerError
                    and not System.Net.HttpStatusCode.TooManyRequests || (!greeted.Task.IsCompleted && attempt >= 3))
                    break;
            }

            socket = null;
            try
            {
                var pause = TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(attempt, 10)));
                await Task.Delay(pause < LongestPause ? pause : LongestPause, stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        greeted.TrySetException(failure ?? new NetDiscoveryException("The session's connection was ended.", new OperationCanceledException()));
        ended.TrySetResult();
        incoming.Writer.TryComplete();
    }

    private NetDiscoveryException Explain(ClientWebSocket refused, Exception exception) => refused.HttpStatusCode switch
    {
        System.Net.HttpStatusCode.Unauthorized => new NetDiscoveryException("The join token is wrong: use the one from the answer that made the session.", exception),
        System.Net.HttpStatusCode.Gone => new NetDiscoveryException("The session has ended: make a new one.", exception),
        System.Net.HttpStatusCode.Forbidden => new NetDiscoveryException("The tenant is suspended or closed.", exception),
        _ => new NetDiscoveryException($"The gateway at {address.Authority} does not answer: {exception.Message}", exception),
    };

    private async Task ReadAsync(ClientWebSocket connected, Action onHello)
    {
        var buffer = new byte[8 * 1024];
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                if (length == buffer.Length)
                    Array.Resize(ref buffer, buffer.Length * 2);
                part = await connected.ReceiveAsync(buffer.AsMemory(length), silence.Token).ConfigureAwait(false);
                length += part.Count;
            }
            while (!part.EndOfMessage);

            if (part.MessageType == WebSocketMessageType.Close)
                return;
            var message = JsonSerializer.Deserialize<SignalingMessage>(buffer.AsSpan(0, length), ApiTransport.Json)!;
            if (message.Type == "hello")
            {
                onHello();
                await GreetAsync(connected, message).ConfigureAwait(false);
                _ = PingAsync(connected, TimeSpan.FromSeconds(message.HeartbeatSeconds ?? 5));
            }

            // Pongs come at least every heartbeat: silence beyond three of them means that the connection is gone.
            silence.CancelAfter(TimeSpan.FromSeconds(3 * (Hello.HeartbeatSeconds ?? message.HeartbeatSeconds ?? 5)));
            await TakeAsync(message).ConfigureAwait(false);
        }
    }

    private async Task GreetAsync(ClientWebSocket connected, SignalingMessage hello)
    {
        await writing.WaitAsync().ConfigureAwait(false);
        try
        {
            // A program that starts anew goes on with the numbers of the one before.
            if (taken is null && sent == 0)
                sent = hello.Received ?? 0;
            taken ??= 0;
            Forget(hello.Received ?? 0);
            foreach (var (_, json) in unconfirmed)
                await connected.SendAsync(json, WebSocketMessageType.Text, true, stop.Token).ConfigureAwait(false);
            socket = connected;
        }
        finally
        {
            writing.Release();
        }

        greeted.TrySetResult(hello);
    }

    private async Task TakeAsync(SignalingMessage message)
    {
        switch (message)
        {
            case { Type: "ack", Seq: { } upTo }:
                await LockedAsync(() => Forget(upTo)).ConfigureAwait(false);
                return;
            case { Type: "pong" }:
                return;
            case { Type: "error", Code: "sequence_gap" }:
                await LockedAsync(() => Forget(message.Received ?? 0)).ConfigureAwait(false);
                foreach (var (_, json) in unconfirmed.ToArray())
                    await WriteAsync(json).ConfigureAwait(false);
                return;
            case { Seq: { } sequence, Type: not "error" }:
                if (sequence <= taken)
                    return;
                taken = sequence;
                break;
        }

        await incoming.Writer.WriteAsync(message, stop.Token).ConfigureAwait(false);
    }

    private async Task SayAsync(Func<long, object> message)
    {
        await writing.WaitAsync().ConfigureAwait(false);
        try
        {
            var sequence = ++sent;
            var json = Bytes(message(sequence));
            if (unconfirmed.Count == 0)
                confirmed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            unconfirmed.Enqueue((sequence, json));
            await TrySendAsync(json).ConfigureAwait(false);
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task WriteAsync(byte[] json)
    {
        await writing.WaitAsync().ConfigureAwait(false);
        try
        {
            await TrySendAsync(json).ConfigureAwait(false);
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task TrySendAsync(byte[] json)
    {
        try
        {
            if (socket is { State: WebSocketState.Open } open)
                await open.SendAsync(json, WebSocketMessageType.Text, true, stop.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The reader notices too and connects again; numbered messages are sent again then.
        }
    }

    private async Task PingAsync(ClientWebSocket connected, TimeSpan every)
    {
        using var timer = new PeriodicTimer(every);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token).ConfigureAwait(false) && ReferenceEquals(socket, connected))
                await WriteAsync(Bytes(new { type = "ping" })).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task LockedAsync(Action change)
    {
        await writing.WaitAsync().ConfigureAwait(false);
        try
        {
            change();
        }
        finally
        {
            writing.Release();
        }
    }

    private void Forget(long upTo)
    {
        while (unconfirmed.TryPeek(out var oldest) && oldest.Sequence <= upTo)
            unconfirmed.Dequeue();
        if (unconfirmed.Count == 0)
            confirmed.TrySetResult();
    }

    private static byte[] Bytes(object message) => JsonSerializer.SerializeToUtf8Bytes(message, message.GetType(), ApiTransport.Json);

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
