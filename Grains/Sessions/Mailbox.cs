using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Sessions;

/// <summary>What one endpoint has said and has yet to be told. Immutable.</summary>
[GenerateSerializer, Immutable, Alias("Mailbox")]
public sealed record Mailbox
{
    /// <summary>An endpoint that has said and been told nothing.</summary>
    public static Mailbox Empty { get; } = new();

    /// <summary>Last sequence received from the endpoint.</summary>
    [Id(0)] public long Received { get; init; }

    /// <summary>Last sequence given to a signal for the endpoint.</summary>
    [Id(1)] public long Sent { get; init; }

    /// <summary>Signals the endpoint has not confirmed, in order.</summary>
    [Id(2)] public ImmutableArray<DeliveredSignal> Waiting { get; init; } = [];

    /// <returns>True when a signal of another endpoint fits.</returns>
    public bool HasRoomFor(Signal signal) =>
        Waiting.Length < SignalingLimits.MaxWaiting && Waiting.Sum(waiting => (long)TextOf(waiting.Signal)) + TextOf(signal) <= SignalingLimits.MaxWaitingText;

    /// <summary>Adds a signal. A notice of the platform takes the place of an older one on the same matter, so notices never fill a mailbox.</summary>
    public Mailbox Add(string? from, Signal signal) => this with
    {
        Sent = Sent + 1,
        Waiting = (from is null ? Waiting.RemoveAll(older => older.From is null && SameMatter(older.Signal, signal)) : Waiting).Add(new DeliveredSignal(Sent + 1, from, signal)),
    };

    /// <summary>Forgets what the endpoint has confirmed.</summary>
    public Mailbox Confirm(long sequence) =>
        Waiting.IsEmpty || Waiting[0].Sequence > sequence ? this : this with { Waiting = Waiting.RemoveAll(waiting => waiting.Sequence <= sequence) };

    /// <returns>What comes after <paramref name="sequence"/>.</returns>
    public ImmutableArray<DeliveredSignal> After(long sequence) =>
        Waiting.IsEmpty || Waiting[^1].Sequence <= sequence ? [] : [.. Waiting.Where(waiting => waiting.Sequence > sequence)];

    private static bool SameMatter(Signal older, Signal newer) => (older, newer) switch
    {
        (PresenceSignal known, PresenceSignal now) => known.Endpoint == now.Endpoint,
        _ => older.GetType() == newer.GetType(),
    };

    private static int TextOf(Signal signal) => signal switch
    {
        DescriptionSignal description => description.Sdp.Length,
        CandidateSignal candidate => candidate.Candidate.Length,
        _ => 64,
    };
}

/// <summary>The mailboxes of a session's endpoints: a row of its own, for it changes with each signal. Immutable.</summary>
[GenerateSerializer, Immutable, Alias("SignalingState")]
public sealed record SignalingState
{
    /// <summary>By name of the endpoint.</summary>
    [Id(0)] public ImmutableSortedDictionary<string, Mailbox> Mailboxes { get; init; } = ImmutableSortedDictionary<string, Mailbox>.Empty;

    /// <returns>The mailbox of an endpoint.</returns>
    public Mailbox Of(string endpoint) => Mailboxes.GetValueOrDefault(endpoint, Mailbox.Empty);

    /// <summary>Puts a mailbox in place of an endpoint's.</summary>
    public SignalingState With(string endpoint, Mailbox mailbox) =>
        ReferenceEquals(Of(endpoint), mailbox) ? this : this with { Mailboxes = Mailboxes.SetItem(endpoint, mailbox) };

    /// <summary>Tells endpoints something.</summary>
    public SignalingState Tell(IEnumerable<string> endpoints, string? from, Signal signal) =>
        endpoints.Aggregate(this, (state, endpoint) => state.With(endpoint, state.Of(endpoint).Add(from, signal)));

    /// <summary>Takes one signal of an endpoint that is for others.</summary>
    /// <param name="sender">Who says it.</param>
    /// <param name="sent">What is said.</param>
    /// <param name="others">Names of all other endpoints.</param>
    public (SignalingState Next, SignalingStatus Status) Pass(string sender, SentSignal sent, ImmutableArray<string> others)
    {
        var received = With(sender, Of(sender) with { Received = sent.Sequence });
        if (sent.To is { } to && !others.Contains(to))
            return (received, SignalingStatus.NoEndpoint);
        var receivers = sent.To is { } one ? [one] : others;
        return receivers.All(receiver => Of(receiver).HasRoomFor(sent.Signal))
            ? (received.Tell(receivers, sender, sent.Signal), SignalingStatus.Accepted)
            : (received, SignalingStatus.ReceiverFull);
    }
}
