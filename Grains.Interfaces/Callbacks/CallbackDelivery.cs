using System.Collections.Immutable;

namespace NetDiscovery.Grains.Interfaces.Callbacks;

/// <summary>An event and what became of it.</summary>
[GenerateSerializer, Immutable, Alias("CallbackDelivery")]
public sealed record CallbackDelivery
{
    /// <summary>Attempts kept; older ones are only counted.</summary>
    public const int MaxAttemptsKept = 5;

    /// <summary>The event.</summary>
    [Id(0)] public required CallbackEvent Event { get; init; }

    /// <summary>Where it stands.</summary>
    [Id(1)] public CallbackStatus Status { get; init; }

    /// <summary>Attempts made so far.</summary>
    [Id(2)] public int Attempts { get; init; }

    /// <summary>The last attempts, oldest first; at most <see cref="MaxAttemptsKept"/>.</summary>
    [Id(3)] public ImmutableArray<CallbackAttempt> LastAttempts { get; init; } = [];

    /// <summary>When it is tried next; null once it is settled.</summary>
    [Id(4)] public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>After this it is tried no more.</summary>
    [Id(5)] public DateTimeOffset GiveUpAt { get; init; }

    /// <summary>True when somebody asked for it to be sent again: it then waits for no other event, and none waits for it.</summary>
    [Id(6)] public bool Again { get; init; }

    /// <summary>Failed attempts since the event came, or since somebody asked for it to be sent again: the next pause follows from them.</summary>
    [Id(7)] public int Failures { get; init; }
}

/// <summary>Where a delivery stands.</summary>
[GenerateSerializer, Alias("CallbackStatus")]
public enum CallbackStatus
{
    /// <summary>Not taken by the receiver yet.</summary>
    Pending,

    /// <summary>The receiver answered 2xx.</summary>
    Delivered,

    /// <summary>The receiver did not take it in time.</summary>
    Failed,

    /// <summary>There was nobody to send it to any more: the URL was taken out of the configuration, or the tenant is closed.</summary>
    Dropped,
}

/// <summary>One attempt to deliver an event.</summary>
/// <param name="At">When it began.</param>
/// <param name="Status">The HTTP status answered; null when there was no answer.</param>
/// <param name="Problem">Why it counts as failed, as the end of a sentence; null when it does not.</param>
/// <param name="Milliseconds">How long it took.</param>
[GenerateSerializer, Immutable, Alias("CallbackAttempt")]
public sealed record CallbackAttempt(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] int? Status,
    [property: Id(2)] string? Problem,
    [property: Id(3)] long Milliseconds);
