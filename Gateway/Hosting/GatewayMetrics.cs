using System.Diagnostics.Metrics;
using NetDiscovery.Gateway.Problems;

namespace NetDiscovery.Gateway.Hosting;

/// <summary>The gateway's instruments.</summary>
public sealed class GatewayMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "NetDiscovery.Gateway";

    private readonly Meter meter;
    private readonly Counter<long> tokens;
    private readonly Counter<long> sessions;
    private readonly Counter<long> authentications;
    private readonly Counter<long> refusals;
    private readonly Counter<long> flushFailures;
    private readonly Counter<long> links;
    private readonly Counter<long> forwards;
    private readonly Counter<long> repeated;
    private Func<int> pendingUsage = static () => 0;
    private Func<int> signalingConnections = static () => 0;
    private Func<int> rateLimitBuckets = static () => 0;

    public GatewayMetrics(IMeterFactory factory)
    {
        meter = factory.Create(MeterName);
        tokens = meter.CreateCounter<long>("netdiscovery.gateway.tokens", "{token}", "Tokens minted.");
        sessions = meter.CreateCounter<long>("netdiscovery.gateway.sessions", "{session}", "Sessions created.");
        authentications = meter.CreateCounter<long>("netdiscovery.gateway.authentications", "{attempt}", "Attempts to authenticate, by kind of caller and outcome.");
        refusals = meter.CreateCounter<long>("netdiscovery.gateway.refusals", "{response}", "Problem details answered, by code.");
        repeated = meter.CreateCounter<long>("netdiscovery.gateway.idempotency.repeated", "{response}", "Answers given again to a repeated Idempotency-Key.");
        flushFailures = meter.CreateCounter<long>("netdiscovery.gateway.usage.flush_failures", "{batch}", "Batches of usage reports the cluster did not confirm; each is sent again.");
        links = meter.CreateCounter<long>("netdiscovery.gateway.links", "{request}", "Requests of other regions, by region and outcome.");
        forwards = meter.CreateCounter<long>("netdiscovery.gateway.forwards", "{request}", "Requests passed on to other regions, by region and outcome.");
        meter.CreateObservableGauge("netdiscovery.gateway.usage.pending", () => pendingUsage(), "{counter}", "Usage counters not yet confirmed by the ledger.");
        meter.CreateObservableGauge("netdiscovery.gateway.signaling.connections", () => signalingConnections(), "{connection}", "Signaling connections open.");
        meter.CreateObservableGauge("netdiscovery.gateway.rate_limit.buckets", () => rateLimitBuckets(), "{bucket}", "Token buckets held, one or two for each key that was used lately.");
    }

    /// <summary>Says where the number of open signaling connections is read.</summary>
    public void ObserveSignalingConnections(Func<int> read) => signalingConnections = read;

    /// <summary>Says where the number of token buckets is read.</summary>
    public void ObserveRateLimitBuckets(Func<int> read) => rateLimitBuckets = read;

    /// <summary>A token was minted in <paramref name="region"/>.</summary>
    public void Minted(string region) => tokens.Add(1, new KeyValuePair<string, object?>("region", region));

    /// <summary>A session was created in <paramref name="region"/>.</summary>
    public void SessionCreated(string region) => sessions.Add(1, new KeyValuePair<string, object?>("region", region));

    /// <summary>Somebody tried to authenticate.</summary>
    /// <param name="kind"><c>operator</c>, <c>tenant</c>, <c>key</c> or <c>none</c>.</param>
    /// <param name="outcome"><c>ok</c>, <c>wrong</c> or <c>limited</c>.</param>
    public void Authenticated(string kind, string outcome) =>
        authentications.Add(1, new KeyValuePair<string, object?>("kind", kind), new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A request claimed to come from another region.</summary>
    /// <param name="region">The region that proved it, or <c>unknown</c>.</param>
    /// <param name="outcome"><c>ok</c> or <c>refused</c>.</param>
    public void Linked(string region, string outcome) =>
        links.Add(1, new KeyValuePair<string, object?>("region", region), new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A request was passed on to another region.</summary>
    /// <param name="region">The region.</param>
    /// <param name="outcome"><c>ok</c> or <c>unreachable</c>.</param>
    public void Forwarded(string region, string outcome) =>
        forwards.Add(1, new KeyValuePair<string, object?>("region", region), new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A request was refused.</summary>
    public void Refused(ProblemCode code) => refusals.Add(1, new KeyValuePair<string, object?>("code", code.Code));

    /// <summary>A repeated request got the answer of the first.</summary>
    public void AnsweredAgain() => repeated.Add(1);

    /// <summary>The cluster did not confirm a batch of usage reports.</summary>
    public void FlushFailed() => flushFailures.Add(1);

    /// <summary>Says where the number of unconfirmed counters is read.</summary>
    public void ObservePendingUsage(Func<int> read) => pendingUsage = read;

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}
