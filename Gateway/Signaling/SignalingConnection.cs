using System.Collections.Immutable;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Signaling;

/// <summary>
/// One endpoint's signaling connection. Holds nothing that would be missed: what the endpoint says is confirmed to it once the session's grain
/// has stored it, and what it is told is forgotten there once the endpoint has confirmed it, so that it can go on at any gateway.
/// </summary>
public sealed partial class SignalingConnection : ISignalingObserver, IAsyncDisposable
{
    private const int MaxMessageBytes = 64 * 1024;
    private const int UsualMessageBytes = 4 * 1024;
    private const int MaxOutgoing = 256;
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly SignalingConnections shared;
    private readonly ISessionGrain grain;
    private readonly byte[] joinTokenHash;
    private readonly string? address;
    private readonly Guid id = Guid.NewGuid();
    private readonly ISignalingObserver reference;
    private readonly Channel<ServerMessage> outgoing = Channel.CreateBounded<ServerMessage>(MaxOutgoing);
    private readonly Channel<SentSignal> incoming = Channel.CreateBounded<SentSignal>(SignalingLimits.MaxBatch);
    private readonly Lock gate = new();
    private List<DeliveredSignal>? early = [];
    private Session session = null!;
    private string endpoint = "";
    private long delivered;
    private long confirmed;
    private long heardAt;
    private (WebSocketCloseStatus Status, string Reason) close = (WebSocketCloseStatus.NormalClosure, "");
    private bool gone;

    internal SignalingConnection(SignalingConnections shared, ISessionGrain grain, byte[] joinTokenHash, string? address)
    {
        (this.shared, this.grain, this.joinTokenHash, this.address) = (shared, grain, joinTokenHash, address);
        reference = shared.Grains.CreateObjectReference<ISignalingObserver>(this);
        heardAt = shared.Time.GetTimestamp();
    }

    /// <summary>Joins the session.</summary>
    /// <param name="after">The last number the endpoint has; null when it starts anew.</param>
    public Task<JoinAnswer> JoinAsync(long? after) => grain.JoinAsync(new JoinSession(joinTokenHash, id, reference, after, address));

    /// <summary>Serves the connection until either side ends it.</summary>
    public async Task RunAsync(WebSocket socket, JoinAnswer joined, bool resumed, CancellationToken aborted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        using var stopping = shared.Stopping.Register(() => End(((WebSocketCloseStatus)1012, "this gateway stops, connect to another")));
        (session, endpoint) = (joined.Session!, joined.Endpoint);
        outgoing.Writer.TryWrite(await HelloAsync(joined, resumed));
        Start(joined.Waiting);
        Task[] work = [ReceiveAsync(socket, ending.Token), WriteAsync(socket, ending.Token), SendOnAsync(ending.Token), BeatAsync(ending.Token)];
        await Task.WhenAny(work[0], work[1]);

        // Cancelling a read tears a WebSocket down: what is still to be said, and the close, go first.
        outgoing.Writer.TryComplete();
        await Task.WhenAny(Task.WhenAll(work[0], work[1]), Task.Delay(CloseWithin, shared.Time, aborted));
        await ending.CancelAsync();
        await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public Task DeliverAsync(ImmutableArray<DeliveredSignal> signals)
    {
        lock (gate)
        {
            if (early is not null)
            {
                early.AddRange(signals);
            }
            else
            {
                Deliver(signals);
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ClosedAsync(SignalingStatus status)
    {
        gone = true;
        End(status == SignalingStatus.Ended ? (WebSocketCloseStatus.NormalClosure, "the session has ended") : ((WebSocketCloseStatus)4001, "another connection of this endpoint took over"));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        shared.Closed();
        if (!gone && session is not null)
        {
            try
            {
                await grain.LeaveAsync(id);
            }
            catch (Exception exception)
            {
                // The grain notices the silence by itself.
                LogNoAnswer(shared.Logger, exception.Message);
            }
        }

        // Not before the grain has forgotten it: what is told to nobody waits for an answer there until it times out.
        shared.Grains.DeleteObjectReference<ISignalingObserver>(reference);
    }

    private async Task<ServerMessage> HelloAsync(JoinAnswer joined, bool resumed) => new("hello")
    {
        Session = session.Id.ToString(),
        Endpoint = endpoint,
        Endpoints = [.. session.Endpoints.Select(other => new PresenceBody(other.Name, joined.Present.Contains(other.Name)))],
        Resumed = resumed,
        Received = joined.Received,
        HeartbeatSeconds = (int)SignalingLimits.Heartbeat.TotalSeconds,
        LostAfterSeconds = (int)SignalingLimits.LostAfter.TotalSeconds,
        State = session.State,
        Path = session.Path,
        Mode = session.Decision.Mode,
        Reason = session.Decision.Reason,
        IceServers = await shared.IceServers.MakeAsync(session, endpoint),
    };

    private void Start(ImmutableArray<DeliveredSignal> waiting)
    {
        lock (gate)
        {
            Deliver(waiting);
            Deliver([.. early!]);
            early = null;
        }
    }

    // Every batch starts at or before what comes next, so what is new in it follows without a hole.
    private void Deliver(ImmutableArray<DeliveredSignal> signals)
    {
        foreach (var signal in signals)
        {
            if (signal.Sequence <= delivered)
            {
                continue;
            }

            if (!outgoing.Writer.TryWrite(ServerMessage.For(signal)))
            {
                End(((WebSocketCloseStatus)4004, "messages are not read, resume with ?after="));
                return;
            }

            delivered = signal.Sequence;
        }
    }

    private void Say(ServerMessage message)
    {
        if (!outgoing.Writer.TryWrite(message))
        {
            End(((WebSocketCloseStatus)4004, "messages are not read, resume with ?after="));
        }
    }

    private void End((WebSocketCloseStatus, string) why)
    {
        lock (gate)
        {
            if (close.Reason.Length == 0)
            {
                close = why;
            }
        }

        // What was said before is written first.
        outgoing.Writer.TryComplete();
    }

    private async Task WriteAsync(WebSocket socket, CancellationToken cancellation)
    {
        await foreach (var message in outgoing.Reader.ReadAllAsync(cancellation))
        {
            var complete = message.Type == "migrate" ? message with { IceServers = await shared.IceServers.MakeAsync(session, endpoint) } : message;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(SignalingLimits.LostAfter);
            await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(complete, shared.Json), WebSocketMessageType.Text, true, patience.Token);
        }

        await socket.CloseOutputAsync(close.Status, close.Reason, cancellation);
    }

    private async Task ReceiveAsync(WebSocket socket, CancellationToken cancellation)
    {
        var buffer = new byte[UsualMessageBytes];
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult part;
                do
                {
                    if (length == MaxMessageBytes)
                    {
                        End((WebSocketCloseStatus.MessageTooBig, $"a message may have {MaxMessageBytes} bytes"));
                        return;
                    }

                    if (length == buffer.Length)
                    {
                        Array.Resize(ref buffer, 2 * length);
                    }

                    part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
                    length += part.Count;
                }
                while (!part.EndOfMessage);

                if (part.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }

                heardAt = shared.Time.GetTimestamp();
                await TakeAsync(buffer.AsMemory(0, length), cancellation);
            }
        }
        finally
        {
            incoming.Writer.TryComplete();
        }
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> json, CancellationToken cancellation)
    {
        if (!ClientMessage.TryRead(json.Span, shared.Json, out var message, out var problem))
        {
            Say(ServerMessage.Error("message_malformed", $"{problem}; see the description of messages."));
            return;
        }

        switch (message.Type)
        {
            case "ping":
                Say(new ServerMessage("pong") { Id = message.Id });
                return;
            case "ack":
                confirmed = Math.Max(confirmed, Math.Min(message.Seq ?? 0, delivered));
                return;
            case "relays":
                Say(new ServerMessage("relays") { IceServers = await shared.IceServers.MakeAsync(session, endpoint) });
                return;
        }

        if (message.ToSignal(out problem) is not { } signal)
        {
            Say(ServerMessage.Error("message_malformed", $"{problem}; it has no effect, its number is still free.", message.Seq));
        }
        else if (message.Seq is not > 0)
        {
            Say(ServerMessage.Error("message_malformed", $"'{message.Type}' needs 'seq': 1 for the first, one more for each next."));
        }
        else
        {
            // Waits while the grain is behind: the endpoint is then not read from either.
            await incoming.Writer.WriteAsync(new SentSignal(message.Seq.Value, message.To, signal), cancellation);
        }
    }

    // To the grain, in order, again and again until it has stored it.
    private async Task SendOnAsync(CancellationToken cancellation)
    {
        var batch = new List<SentSignal>(SignalingLimits.MaxBatch);
        while (await incoming.Reader.WaitToReadAsync(cancellation))
        {
            batch.Clear();
            while (batch.Count < SignalingLimits.MaxBatch && incoming.Reader.TryRead(out var sent))
            {
                batch.Add(sent);
            }

            var answer = await AskAsync(() => grain.SendAsync(id, [.. batch]), static answer => answer.Status, cancellation);
            Say(new ServerMessage("ack") { Seq = answer.Received });
            foreach (var refused in answer.Refused)
            {
                Say(refused.Reason == SignalingStatus.NoEndpoint
                    ? ServerMessage.Error("no_such_endpoint", "There is no other endpoint of that name in the session.", refused.Sequence)
                    : ServerMessage.Error("receiver_full", "The receiver has not read for too long: send it again later under a new number.", refused.Sequence));
            }

            if (answer.Status == SignalingStatus.Gap)
            {
                Say(ServerMessage.Error("sequence_gap", "A message is missing: send again what comes after 'received'.", received: answer.Received));
            }
        }
    }

    private async Task BeatAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(SignalingLimits.Heartbeat, shared.Time);
        using var ended = cancellation.UnsafeRegister(static timer => ((PeriodicTimer)timer!).Dispose(), timer); // ends the wait without an exception for each connection
        while (await timer.WaitForNextTickAsync())
        {
            if (shared.Time.GetElapsedTime(heardAt) > SignalingLimits.LostAfter)
            {
                End(((WebSocketCloseStatus)4002, "no sign of life: send ping"));
                return;
            }

            long seen;
            lock (gate)
            {
                seen = delivered;
            }

            var answer = await AskAsync(() => grain.BeatAsync(id, confirmed, seen), static answer => answer.Status, cancellation);
            await DeliverAsync(answer.Waiting);
        }
    }

    // A silo that dies takes the connection's registration with it: join again, and ask again.
    private async Task<T> AskAsync<T>(Func<Task<T>> ask, Func<T, SignalingStatus> statusOf, CancellationToken cancellation)
    {
        for (var pause = FirstPause; ; pause = pause < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var answer = await ask().WaitAsync(cancellation);
                if (statusOf(answer) != SignalingStatus.NotJoined)
                {
                    return answer;
                }

                await JoinAgainAsync(cancellation);
                continue;
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                LogNoAnswer(shared.Logger, exception.Message);
            }

            await Task.Delay(pause, shared.Time, cancellation);
        }
    }

    private async Task JoinAgainAsync(CancellationToken cancellation)
    {
        long seen;
        lock (gate)
        {
            seen = delivered;
        }

        var joined = await grain.JoinAsync(new JoinSession(joinTokenHash, id, reference, seen, address, Again: true)).WaitAsync(cancellation);
        if (joined.Status != SignalingStatus.Accepted)
        {
            await ClosedAsync(joined.Status);
            await Task.Delay(Timeout.InfiniteTimeSpan, shared.Time, cancellation);
        }

        session = joined.Session!;
        await DeliverAsync(joined.Waiting);
    }
}
