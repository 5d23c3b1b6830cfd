using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using NetDiscovery.Gateway.Hosting;
using NetDiscovery.Gateway.Sessions;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Gateway.Signaling;

/// <summary>All signaling connections of this gateway: what they share, and how many there are.</summary>
public sealed class SignalingConnections
{
    private readonly GatewayOptions options;
    private int open;

    public SignalingConnections(
        IGrainFactory grains, EndpointIceServers iceServers, IOptions<GatewayOptions> options, IOptions<JsonOptions> json, IHostApplicationLifetime lifetime,
        GatewayMetrics metrics, TimeProvider time, ILogger<SignalingConnection> logger)
    {
        this.options = options.Value;
        (Grains, IceServers, Json, Stopping, Metrics, Time, Logger) = (grains, iceServers, json.Value.SerializerOptions, lifetime.ApplicationStopping, metrics, time, logger);
        metrics.ObserveSignalingConnections(() => Volatile.Read(ref open));
    }

    /// <summary>False when there are as many as there may be.</summary>
    public bool HasRoom => Volatile.Read(ref open) < options.MaxSignalingConnections;

    internal IGrainFactory Grains { get; }

    internal EndpointIceServers IceServers { get; }

    internal JsonSerializerOptions Json { get; }

    internal CancellationToken Stopping { get; }

    internal GatewayMetrics Metrics { get; }

    internal TimeProvider Time { get; }

    internal ILogger Logger { get; }

    /// <summary>A connection for one request; it counts until it is disposed.</summary>
    public SignalingConnection Make(ISessionGrain session, byte[] joinTokenHash, string? address)
    {
        Interlocked.Increment(ref open);
        return new SignalingConnection(this, session, joinTokenHash, address);
    }

    internal void Closed() => Interlocked.Decrement(ref open);
}
