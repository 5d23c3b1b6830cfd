using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Authentication;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.ControlPlane.Leases;
using NetDiscovery.Relay.Handover;
using NetDiscovery.Relay.Mobility;
using NetDiscovery.Relay.PeerConnections;
using NetDiscovery.Relay.RelayedAddresses;

namespace NetDiscovery.Relay.Hosting;

/// <summary>What all workers of a relay share. Each part is immutable or safe for many threads.</summary>
internal sealed record RelayServices
{
    private volatile bool draining;

    public required RelayOptions Options { get; init; }

    public required RelayIdentity Identity { get; init; }

    /// <summary>Workers that share all this.</summary>
    public required int WorkerCount { get; init; }

    public required RelayedAddressSet Relayed { get; init; }

    public required PeerPolicy Peers { get; init; }

    public required NonceIssuer Nonces { get; init; }

    public required TenantCache Tenants { get; init; }

    public required LeaseBook Leases { get; init; }

    public required AllocationJournal Journal { get; init; }

    public required AllocationReporter Reporter { get; init; }

    public required AlternateServers Alternates { get; init; }

    public required KnownNames Names { get; init; }

    public required BindingCounters Bindings { get; init; }

    public required BindingObservations Observations { get; init; }

    /// <summary>Sockets of the process before.</summary>
    public InheritedSockets? Inherited { get; init; }

    public required RelayMetrics Metrics { get; init; }

    public required TimeProvider Time { get; init; }

    public required PeerConnectionRegistry PeerConnections { get; init; }

    public required MobilityTickets Tickets { get; init; }

    /// <summary>Log lines about clients.</summary>
    public required ClientLog Clients { get; init; }

    public MobileAllocations Mobile { get; } = new();

    /// <summary>What an earlier process left and nothing is decided about yet.</summary>
    public AwaitedAllocations Awaited { get; } = new();

    public Reservations Reservations { get; } = new();

    /// <summary>True: no new allocations.</summary>
    public bool Draining
    {
        get => draining;
        set => draining = value;
    }
}
