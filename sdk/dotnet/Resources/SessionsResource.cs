using NetDiscovery.Client.Http;
using NetDiscovery.Client.Models;

namespace NetDiscovery.Client.Resources;

/// <summary>Sessions: negotiations between endpoints. Endpoints join with <see cref="Signaling.SessionConnection"/>.</summary>
public sealed class SessionsResource
{
    private readonly ApiTransport transport;

    internal SessionsResource(ApiTransport transport) => this.transport = transport;

    /// <summary>Makes a session.</summary>
    /// <param name="request">Who takes part.</param>
    /// <param name="tenant">Acts for this tenant: a sub-account, or any for the operator.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <exception cref="NetDiscoveryException"><c>validation_failed</c>, <c>session_denied</c>, <c>tenant_suspended</c>, <c>region_unavailable</c>, <c>no_relay</c>.</exception>
    public Task<CreatedSession> CreateAsync(SessionRequest request, string? tenant = null, CancellationToken cancellation = default) =>
        transport.SendAsync<CreatedSession>(HttpMethod.Post, Query.With("/v1/sessions", ("tenant", tenant)), request, cancellation);

    /// <summary>Reads a session, its decision and the reason.</summary>
    public Task<Session> GetAsync(string id, CancellationToken cancellation = default) =>
        transport.SendAsync<Session>(HttpMethod.Get, $"/v1/sessions/{Query.Segment(id)}", null, cancellation);

    /// <summary>Every step of a session, oldest first.</summary>
    public async Task<IReadOnlyList<TimelineEntry>> GetTimelineAsync(string id, CancellationToken cancellation = default) =>
        (await transport.SendAsync<Page<TimelineEntry>>(HttpMethod.Get, $"/v1/sessions/{Query.Segment(id)}/timeline", null, cancellation).ConfigureAwait(false)).Items;

    /// <summary>What a session used.</summary>
    public Task<SessionUsage> GetUsageAsync(string id, CancellationToken cancellation = default) =>
        transport.SendAsync<SessionUsage>(HttpMethod.Get, $"/v1/sessions/{Query.Segment(id)}/usage", null, cancellation);

    /// <summary>Ends a session: its credentials are revoked and its allocations end.</summary>
    public Task EndAsync(string id, CancellationToken cancellation = default) =>
        transport.SendAsync(HttpMethod.Delete, $"/v1/sessions/{Query.Segment(id)}", null, cancellation);
}
