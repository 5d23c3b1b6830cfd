using System.Diagnostics.Metrics;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Listeners.Tls;

namespace NetDiscovery.Relay.Hosting;

/// <summary>The relay's instruments. Tags are bounded: transport, method, outcome, reason; never an address or a tenant.</summary>
internal sealed class RelayMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "NetDiscovery.Relay";

    private readonly Meter meter;
    private readonly Counter<long> opened;
    private readonly Counter<long> closed;
    private readonly ResponseCounts responses = new();
    private readonly long[] dropped = new long[DropNames.Length];
    private readonly Counter<long> refusedConnections;

    public RelayMetrics(IMeterFactory factory)
    {
        meter = factory.Create(MeterName);
        opened = meter.CreateCounter<long>("netdiscovery.relay.allocations.opened", "{allocation}", "Allocations opened.");
        closed = meter.CreateCounter<long>("netdiscovery.relay.allocations.closed", "{allocation}", "Allocations ended, by reason.");
        meter.CreateObservableCounter("netdiscovery.relay.responses", responses.Read, "{message}", "Responses to STUN requests, by method and code (0 = success).");
        meter.CreateObservableCounter("netdiscovery.relay.datagrams.dropped", ReadDropped, "{datagram}", "Datagrams and messages dropped, by reason.");
        refusedConnections = meter.CreateCounter<long>("netdiscovery.relay.connections.refused", "{connection}", "Stream connections refused or closed by a limit, by limit.");
    }

    /// <summary>Adds the gauges that read the running relay.</summary>
    public void Observe(Func<int> allocations, Func<long> packets, Func<long> bytes, Func<int> freePorts, Func<int> connections, Func<int> unconfirmed)
    {
        meter.CreateObservableUpDownCounter("netdiscovery.relay.allocations.live", allocations, "{allocation}", "Live allocations.");
        meter.CreateObservableCounter("netdiscovery.relay.packets", packets, "{datagram}", "Relayed packets, both directions.");
        meter.CreateObservableCounter("netdiscovery.relay.io", bytes, "By", "Relayed application bytes, both directions.");
        meter.CreateObservableGauge("netdiscovery.relay.ports.free", freePorts, "{port}", "Relayed ports not in use.");
        meter.CreateObservableUpDownCounter("netdiscovery.relay.connections.open", connections, "{connection}", "Stream connections open.");
        meter.CreateObservableGauge("netdiscovery.relay.journal.unconfirmed", unconfirmed, "{allocation}", "Allocations in the journal: live, or ended and not yet confirmed by the cluster.");
    }

    /// <summary>Adds the instruments of the kernel path.</summary>
    public void Observe(Func<int> kernelChannels, Func<long> kernelPackets)
    {
        meter.CreateObservableUpDownCounter("netdiscovery.relay.kernel.channels", kernelChannels, "{channel}", "Channels the kernel forwards.");
        meter.CreateObservableCounter("netdiscovery.relay.kernel.packets", kernelPackets, "{datagram}", "Packets the kernel relayed by itself, both directions.");
    }

    /// <summary>Adds the instruments of TLS and DTLS.</summary>
    public void Observe(SecureTransports secure, Func<(long Cookies, long Strays, long Unsendable)> dtls)
    {
        meter.CreateObservableGauge(
            "netdiscovery.relay.certificate.validity", () => secure.CertificateLeft.TotalSeconds, "s", "Time until the certificate for TLS and DTLS expires; negative afterwards.");
        meter.CreateObservableCounter(
            "netdiscovery.relay.handshakes",
            () => Outcomes(Transport.Tls, secure.TlsCounters).Concat(Outcomes(Transport.Dtls, secure.Dtls.Counters)),
            "{handshake}",
            "TLS and DTLS handshakes, by outcome.");
        meter.CreateObservableUpDownCounter("netdiscovery.relay.dtls.associations", () => secure.Dtls.Associations.Open, "{association}", "DTLS associations, handshakes included.");
        meter.CreateObservableCounter("netdiscovery.relay.dtls.cookies", () => dtls().Cookies, "{datagram}", "HelloVerifyRequests sent to DTLS clients that had yet to prove their address.");
        meter.CreateObservableCounter("netdiscovery.relay.dtls.strays", () => dtls().Strays, "{datagram}", "Datagrams to DTLS ports that belong to no association.");
        meter.CreateObservableCounter("netdiscovery.relay.dtls.unsendable", () => dtls().Unsendable, "{message}", "Messages to DTLS clients that were dropped: association ended, or message too long for a record.");
    }

    /// <summary>Adds the instrument of TCP relaying.</summary>
    public void Observe(PeerConnections.PeerConnectionRegistry registry) =>
        meter.CreateObservableUpDownCounter("netdiscovery.relay.peer_connections.open", () => registry.Open, "{connection}", "TCP connections with peers, those being made included.");

    /// <summary>Adds the instrument of observed Bindings.</summary>
    public void Observe(ControlPlane.BindingObservations observations) => meter.CreateObservableCounter(
        "netdiscovery.relay.bindings.observed",
        () => new[]
        {
            new Measurement<long>(observations.Delivered, new KeyValuePair<string, object?>("outcome", "delivered")),
            new Measurement<long>(observations.Lost, new KeyValuePair<string, object?>("outcome", "lost")),
        },
        "{binding}",
        "Authenticated Bindings of sessions' endpoints that the cluster was told of, by outcome.");

    public void AllocationOpened(Transport transport) => opened.Add(1, new KeyValuePair<string, object?>("transport", transport.Name()));

    public void AllocationClosed(Transport transport, AllocationCloseReason reason) =>
        closed.Add(1, new KeyValuePair<string, object?>("transport", transport.Name()), new KeyValuePair<string, object?>("reason", Names[(int)reason]));

    public void Replied(Transport transport, Protocol.Registries.StunMethod method, int code) => responses.Add(transport, method, code);

    public void Dropped(DropReason reason) => Interlocked.Increment(ref dropped[(int)reason]);

    public void ConnectionRefused(string limit) => refusedConnections.Add(1, new KeyValuePair<string, object?>("limit", limit));

    public void Dispose() => meter.Dispose();

    private static IEnumerable<Measurement<long>> Outcomes(Transport transport, HandshakeCounters counters)
    {
        yield return Outcome(counters.Done, "done");
        yield return Outcome(counters.Failed, "failed");
        yield return Outcome(counters.TimedOut, "timeout");
        yield return Outcome(counters.Refused, "refused");

        Measurement<long> Outcome(long count, string outcome) =>
            new(count, new KeyValuePair<string, object?>("transport", transport.Name()), new KeyValuePair<string, object?>("outcome", outcome));
    }

    private static readonly string[] Names = [.. Enum.GetValues<AllocationCloseReason>().Select(reason => reason.ToString())];
    private static readonly string[] DropNames = [.. Enum.GetValues<DropReason>().Select(reason => reason.ToString())];

    private IEnumerable<Measurement<long>> ReadDropped()
    {
        for (var i = 0; i < dropped.Length; i++)
        {
            if (Volatile.Read(ref dropped[i]) is > 0 and var count)
            {
                yield return new Measurement<long>(count, new KeyValuePair<string, object?>("reason", DropNames[i]));
            }
        }
    }
}

/// <summary>Why something was dropped without an answer.</summary>
internal enum DropReason
{
    /// <summary>Neither STUN nor ChannelData.</summary>
    NotTurn,

    /// <summary>STUN or ChannelData that breaks its own rules.</summary>
    Malformed,

    /// <summary>ChannelData or Send without an allocation.</summary>
    NoAllocation,

    /// <summary>ChannelData on a channel that is not bound.</summary>
    NoChannel,

    /// <summary>No permission for the peer, in either direction.</summary>
    NoPermission,

    /// <summary>The system did not take the datagram.</summary>
    SendFailed,

    /// <summary>A stream client reads too slowly.</summary>
    SlowClient,

    /// <summary>Too many requests wait for a tenant, or the cluster does not answer; or an allocation of an earlier process waits for it.</summary>
    TenantUnavailable,

    /// <summary>A request without valid credentials from a source that sends too many.</summary>
    RateLimited,

    /// <summary>An answer to a request without valid credentials that is too large for what was asked.</summary>
    TooLargeForStrangers,

    /// <summary>An error of our own.</summary>
    Fault,

    /// <summary>An Allocate whose quota could not be checked: too many wait, or the cluster does not answer.</summary>
    LeaseUnavailable,

    /// <summary>Relayed data beyond a bandwidth limit.</summary>
    BandwidthReached,

    /// <summary>Relayed data beyond the bytes of the month.</summary>
    QuotaReached,
}
