using System.Collections.Immutable;

namespace NetDiscovery.Grains.Interfaces.Sessions;

/// <summary>What a session's signaling holds at most, and its times.</summary>
public static class SignalingLimits
{
    /// <summary>Characters of one session description.</summary>
    public const int MaxDescription = 48 * 1024;

    /// <summary>Characters of one candidate.</summary>
    public const int MaxCandidate = 1_024;

    /// <summary>Signals that wait for one endpoint. Beyond it senders are refused until it reads.</summary>
    public const int MaxWaiting = 512;

    /// <summary>Characters that wait for one endpoint.</summary>
    public const int MaxWaitingText = 512 * 1024;

    /// <summary>Signals of one call.</summary>
    public const int MaxBatch = 32;

    /// <summary>How often a connection must give a sign of life.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>An endpoint whose connection was silent for so long is absent.</summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(12);
}

/// <summary>A signal of an endpoint, with its place in what that endpoint says.</summary>
/// <param name="Sequence">1 for the endpoint's first, one more for each next. What was received before changes nothing when it comes again.</param>
/// <param name="To">The endpoint it is for; null = all others. Signals to the platform name nobody.</param>
/// <param name="Signal">The signal.</param>
[GenerateSerializer, Immutable, Alias("SentSignal")]
public sealed record SentSignal(
    [property: Id(0)] long Sequence,
    [property: Id(1)] string? To,
    [property: Id(2)] Signal Signal);

/// <summary>A signal for an endpoint, with its place in what that endpoint is told.</summary>
/// <param name="Sequence">Grows from signal to signal; numbers may be left out where a newer notice took the place of an older one.</param>
/// <param name="From">The endpoint it comes from; null = the platform.</param>
/// <param name="Signal">The signal.</param>
[GenerateSerializer, Immutable, Alias("DeliveredSignal")]
public sealed record DeliveredSignal(
    [property: Id(0)] long Sequence,
    [property: Id(1)] string? From,
    [property: Id(2)] Signal Signal);

/// <summary>Takes signals for one connection of an endpoint, in a gateway. Calls may get lost: what is missing comes with the next <see cref="ISessionGrain.BeatAsync"/>.</summary>
[Alias("signaling-observer"), GrainInterfaceType("signaling-observer")]
public interface ISignalingObserver : IGrainObserver
{
    /// <summary>Takes signals, in order of their sequence; some may have been taken before.</summary>
    [Alias("deliver")]
    Task DeliverAsync(ImmutableArray<DeliveredSignal> signals);

    /// <summary>Another connection of the same endpoint took this one's place, or the session has ended.</summary>
    [Alias("closed")]
    Task ClosedAsync(SignalingStatus status);
}

/// <summary>An endpoint arrives, or comes back.</summary>
/// <param name="JoinTokenHash">SHA-256 of its join token's UTF-8 text.</param>
/// <param name="Connection">Chosen by the gateway, one for each connection.</param>
/// <param name="Observer">Where its signals go.</param>
/// <param name="After">The last sequence it has; null when it starts anew.</param>
/// <param name="Address">Where it comes from, as the gateway sees it; null when unknown.</param>
/// <param name="Again">True when the grain has forgotten the connection, not the endpoint: another connection of the endpoint keeps its place.</param>
[GenerateSerializer, Immutable, Alias("JoinSession")]
public sealed record JoinSession(
    [property: Id(0)] byte[] JoinTokenHash,
    [property: Id(1)] Guid Connection,
    [property: Id(2)] ISignalingObserver Observer,
    [property: Id(3)] long? After,
    [property: Id(4)] string? Address,
    [property: Id(5)] bool Again = false);

/// <summary>The answer to <see cref="JoinSession"/>.</summary>
/// <param name="Status">Whether it is in; everything else is empty when not.</param>
/// <param name="Endpoint">Its name.</param>
/// <param name="Session">The session as it is now.</param>
/// <param name="Received">The last sequence that was received from this endpoint: what comes after has to be sent again.</param>
/// <param name="Present">Names of the endpoints that are there, this one included.</param>
/// <param name="Waiting">Signals it has not confirmed, in order.</param>
[GenerateSerializer, Immutable, Alias("JoinAnswer")]
public sealed record JoinAnswer(
    [property: Id(0)] SignalingStatus Status,
    [property: Id(1)] string Endpoint,
    [property: Id(2)] Session? Session,
    [property: Id(3)] long Received,
    [property: Id(4)] ImmutableArray<string> Present,
    [property: Id(5)] ImmutableArray<DeliveredSignal> Waiting);

/// <summary>The answer to signals sent.</summary>
/// <param name="Status">When not <see cref="SignalingStatus.Accepted"/>: what became of the first signal after <paramref name="Received"/>.</param>
/// <param name="Received">The last sequence received and stored.</param>
/// <param name="Refused">Sequences that were received and refused, with the reason: no such endpoint, or it does not read.</param>
[GenerateSerializer, Immutable, Alias("SendAnswer")]
public sealed record SendAnswer(
    [property: Id(0)] SignalingStatus Status,
    [property: Id(1)] long Received,
    [property: Id(2)] ImmutableArray<RefusedSignal> Refused);

/// <summary>A signal that was received and not passed on.</summary>
[GenerateSerializer, Immutable, Alias("RefusedSignal")]
public sealed record RefusedSignal([property: Id(0)] long Sequence, [property: Id(1)] SignalingStatus Reason);

/// <summary>The answer to a sign of life.</summary>
/// <param name="Status">Whether the connection is still the endpoint's.</param>
/// <param name="Waiting">Signals after the one it named, in order.</param>
[GenerateSerializer, Immutable, Alias("BeatAnswer")]
public sealed record BeatAnswer([property: Id(0)] SignalingStatus Status, [property: Id(1)] ImmutableArray<DeliveredSignal> Waiting);

/// <summary>What became of a connection or a signal.</summary>
[GenerateSerializer, Alias("SignalingStatus")]
public enum SignalingStatus
{
    /// <summary>Good.</summary>
    Accepted,

    /// <summary>There is no such session.</summary>
    NoSession,

    /// <summary>The join token is not one of this session's.</summary>
    WrongToken,

    /// <summary>The session has ended.</summary>
    Ended,

    /// <summary>The tenant is not active.</summary>
    TenantInactive,

    /// <summary>The connection is not, or no longer, the endpoint's: join again.</summary>
    NotJoined,

    /// <summary>A signal before this one is missing.</summary>
    Gap,

    /// <summary>There is no endpoint of that name in the session.</summary>
    NoEndpoint,

    /// <summary>The receiver has not read for too long; send it again later under the next sequence.</summary>
    ReceiverFull,
}
