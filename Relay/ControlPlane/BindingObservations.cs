using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.ControlPlane;

/// <summary>
/// Tells the cluster between which addresses the endpoints of sessions send authenticated Bindings, so that it learns how their NATs map. Hints: a few for each
/// endpoint and minute, in batches, and lost rather than kept when the cluster does not take them.
/// </summary>
/// <param name="cluster">Takes the batches.</param>
/// <param name="addresses">What sockets are bound to, and how clients see it; the first that fits counts.</param>
/// <param name="pacing">Pauses.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Log.</param>
internal sealed partial class BindingObservations(
    ICluster cluster, ImmutableArray<ListenAddress> addresses, ControlPlanePacing pacing, TimeProvider time, ILogger<BindingObservations> logger)
{
    /// <summary>Endpoints at once; those beyond are not observed.</summary>
    public const int MaxEndpoints = 16_384;

    private const int MaxBatch = 1_000;
    private readonly ConcurrentDictionary<(SessionId Session, string Endpoint), EndpointBindings> endpoints = new();
    private readonly Channel<BindingObserved> queue = Channel.CreateBounded<BindingObserved>(new BoundedChannelOptions(4 * MaxBatch) { SingleReader = true });
    private long delivered;
    private long lost;

    /// <summary>Observations that the cluster took.</summary>
    public long Delivered => Volatile.Read(ref delivered);

    /// <summary>Observations that it did not take.</summary>
    public long Lost => Volatile.Read(ref lost);

    /// <summary>Takes note of a Binding that was answered. Any thread; allocates only for what is told.</summary>
    /// <param name="credential">Whose it was.</param>
    /// <param name="tuple">Between whom.</param>
    /// <param name="now">The present.</param>
    public void Note(Credential credential, in FiveTuple tuple, DateTimeOffset now)
    {
        // What a NAT does to TCP says nothing of how it maps UDP, and only a session decides by it.
        if (tuple.Transport != Transport.Udp || credential.Claims is not { Session: { } session, Endpoint: { Length: > 0 } endpoint })
        {
            return;
        }

        var key = (session, endpoint);
        if (!endpoints.TryGetValue(key, out var bindings))
        {
            if (endpoints.Count >= MaxEndpoints)
            {
                return;
            }

            bindings = endpoints.GetOrAdd(key, static _ => new EndpointBindings());
        }

        if (bindings.TryTell(tuple, now)
            && !queue.Writer.TryWrite(new BindingObserved(credential.Claims.Tenant, session, endpoint, tuple.Client.ToContract(), AsClientsSee(tuple.Server).ToContract())))
        {
            Interlocked.Increment(ref lost);
        }
    }

    /// <summary>Tells until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(TellAsync(cancellation), ForgetAsync(cancellation));

    private async Task TellAsync(CancellationToken cancellation)
    {
        var batch = new List<BindingObserved>();
        while (await queue.Reader.WaitToReadAsync(cancellation))
        {
            // The other addresses of a client's round come in these milliseconds.
            await Task.Delay(pacing.Linger, time, cancellation);
            batch.Clear();
            while (batch.Count < MaxBatch && queue.Reader.TryRead(out var observed))
            {
                batch.Add(observed);
            }

            try
            {
                await cluster.ObserveAsync([.. batch]).WaitAsync(pacing.AnswerWithin, time, cancellation);
                Interlocked.Add(ref delivered, batch.Count);
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                Interlocked.Add(ref lost, batch.Count);
                LogLost(batch.Count, exception.Message);
            }
        }
    }

    private async Task ForgetAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(EndpointBindings.Window, time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            var now = time.GetUtcNow();
            foreach (var (key, bindings) in endpoints)
            {
                if (bindings.IsOver(now))
                {
                    endpoints.TryRemove(key, out _);
                }
            }
        }
    }

    private TransportAddress AsClientsSee(TransportAddress server) =>
        addresses.FirstOrDefault(address => address.Local.SameAddress(server)) is { } known ? known.Public.WithPort(server.Port) : server;

    [LoggerMessage(1271, LogLevel.Debug, "{Count} observed Bindings are lost, the cluster did not take them: {Problem}")]
    private partial void LogLost(int count, string problem);
}
