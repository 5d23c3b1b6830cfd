using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NetDiscovery.Grains.Interfaces.Addresses;
using Orleans.Concurrency;

namespace NetDiscovery.Grains.Interfaces.Relays;

/// <summary>One relay: its registration, load and the commands it has yet to carry out. Key: <see cref="GrainKeys.Relay"/>.</summary>
[Alias("relay"), GrainInterfaceType("relay")]
public interface IRelayGrain : IGrainWithStringKey
{
    /// <summary>A relay has started. Unconfirmed commands stay queued: allocations outlive a restart of their relay.</summary>
    [Alias("register")]
    Task RegisterAsync(RelayAnnouncement announcement);

    /// <summary>A relay is alive. Sent twice a second; the answer carries what the relay must do.</summary>
    /// <returns>Instructions; <see cref="RelayInstructions.Register"/> asks for a new registration (the grain forgot, or another incarnation took the id).</returns>
    [Alias("heartbeat")]
    Task<RelayInstructions> HeartbeatAsync(RelayHeartbeat heartbeat);

    /// <summary>Queues a command; the relay gets it with its next heartbeat and each one after until it has confirmed it. Stored, so that a silo may die meanwhile; when the store is down it is kept in memory only.</summary>
    /// <returns>False when the queue is full (4,096): the relay has taken no commands for long.</returns>
    [Alias("command")]
    Task<bool> CommandAsync(RelayCommand command);

    /// <returns>What is known of the relay, or null when it never registered.</returns>
    [Alias("get")]
    Task<RelayStatus?> GetAsync();

    /// <summary>Asks the relay to give back what it does not use of an allowance, see <see cref="IRelayObserver.ReclaimAsync"/>. Answers within about a second whether the relay does or not.</summary>
    [Alias("reclaim"), AlwaysInterleave]
    Task<ReclaimAnswer> ReclaimAsync(string allowance, long keep);
}

/// <summary>The relays of a region: who is healthy and how loaded. In memory, rebuilt from heartbeats. Key: <see cref="GrainKeys.RelayDirectory"/>.</summary>
[Alias("relay-directory"), GrainInterfaceType("relay-directory")]
public interface IRelayDirectoryGrain : IGrainWithStringKey
{
    /// <summary>Called by each relay grain with each heartbeat.</summary>
    [Alias("report")]
    Task ReportAsync(RelayStatus status);

    /// <returns>All relays seen in the last hour; healthy = seen within 3 s.</returns>
    [Alias("list")]
    Task<ImmutableArray<RelayStatus>> ListAsync();
}

/// <summary>Where a relay listens and what it can hold.</summary>
/// <param name="RelayId">1 to 64 of letters, digits, dot, dash; stable over restarts; case matters.</param>
/// <param name="Region">Its region.</param>
/// <param name="Incarnation">Changes with each start of the process.</param>
/// <param name="Listeners">What clients connect to.</param>
/// <param name="RelayedAddresses">IP addresses its relayed transport addresses have.</param>
/// <param name="Capacity">Relayed ports per address.</param>
/// <param name="SoftwareVersion">Product version.</param>
[GenerateSerializer, Immutable, Alias("RelayAnnouncement")]
public sealed record RelayAnnouncement(
    [property: Id(0)] string RelayId,
    [property: Id(1)] string Region,
    [property: Id(2)] Guid Incarnation,
    [property: Id(3)] ImmutableArray<RelayListener> Listeners,
    [property: Id(4)] ImmutableArray<string> RelayedAddresses,
    [property: Id(5)] int Capacity,
    [property: Id(6)] string SoftwareVersion);

/// <summary>One address clients connect to.</summary>
/// <param name="Transport">The transport.</param>
/// <param name="Host">DNS name or IP address, as it goes into a URI; IPv6 without brackets.</param>
/// <param name="Port">1 to 65535.</param>
[GenerateSerializer, Immutable, Alias("RelayListener")]
public sealed record RelayListener(
    [property: Id(0)] Transport Transport,
    [property: Id(1)] string Host,
    [property: Id(2)] int Port);

/// <summary>A sign of life.</summary>
/// <param name="Incarnation">The sender's incarnation.</param>
/// <param name="Allocations">Live allocations.</param>
/// <param name="PacketsPerSecond">Relayed packets, both directions, over the last interval.</param>
/// <param name="Draining">True when it takes no new allocations.</param>
/// <param name="CommandsDone">Highest command sequence carried out; 0 for none.</param>
/// <param name="Observer">Where the relay listens; null for one that does not.</param>
[GenerateSerializer, Immutable, Alias("RelayHeartbeat")]
public sealed record RelayHeartbeat(
    [property: Id(0)] Guid Incarnation,
    [property: Id(1)] int Allocations,
    [property: Id(2)] long PacketsPerSecond,
    [property: Id(3)] bool Draining,
    [property: Id(4)] long CommandsDone,
    [property: Id(5)] IRelayObserver? Observer = null);

/// <summary>The answer to a heartbeat.</summary>
/// <param name="Register">True: register again before anything else.</param>
/// <param name="Commands">Commands not yet confirmed, oldest first, at most 256, each with its sequence.</param>
/// <param name="Alternatives">For a draining relay: healthy relays of its region that take its clients, at most 4; else empty.</param>
[GenerateSerializer, Immutable, Alias("RelayInstructions")]
public sealed record RelayInstructions(
    [property: Id(0)] bool Register,
    [property: Id(1)] ImmutableArray<SequencedCommand> Commands,
    [property: Id(2)] ImmutableArray<RelayAnnouncement> Alternatives = default);

/// <summary>A command and its place in the relay's queue.</summary>
[GenerateSerializer, Immutable, Alias("SequencedCommand")]
public sealed record SequencedCommand(
    [property: Id(0)] long Sequence,
    [property: Id(1)] RelayCommand Command);

/// <summary>Something a relay must do. Carrying it out twice is the same as once.</summary>
[GenerateSerializer, Immutable, Alias("RelayCommand")]
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(CutAllocation), "cut-allocation")]
[JsonDerivedType(typeof(RefreshTenant), "refresh-tenant")]
[JsonDerivedType(typeof(SetDraining), "set-draining")]
public abstract record RelayCommand;

/// <summary>End one allocation.</summary>
[GenerateSerializer, Immutable, Alias("CutAllocation")]
public sealed record CutAllocation([property: Id(0)] AllocationId Allocation) : RelayCommand;

/// <summary>A tenant's snapshot is older than this version: fetch it, then end what it no longer allows.</summary>
[GenerateSerializer, Immutable, Alias("RefreshTenant")]
public sealed record RefreshTenant([property: Id(0)] TenantId Tenant, [property: Id(1)] long Version) : RelayCommand;

/// <summary>Take no new allocations (true), or take them again (false).</summary>
[GenerateSerializer, Immutable, Alias("SetDraining")]
public sealed record SetDraining([property: Id(0)] bool Draining) : RelayCommand;

/// <summary>A relay as operators and the choice of relay see it.</summary>
[GenerateSerializer, Immutable, Alias("RelayStatus")]
public sealed record RelayStatus(
    [property: Id(0)] RelayAnnouncement Announcement,
    [property: Id(1)] DateTimeOffset LastSeenAt,
    [property: Id(2)] bool Healthy,
    [property: Id(3)] bool Draining,
    [property: Id(4)] int Allocations,
    [property: Id(5)] long PacketsPerSecond);
