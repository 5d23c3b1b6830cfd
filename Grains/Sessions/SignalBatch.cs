using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;

namespace NetDiscovery.Grains.Sessions;

/// <summary>Applies signals of one endpoint in order: each once, none out of turn. No clock, no store, no grain.</summary>
/// <param name="endpoint">Who says it.</param>
/// <param name="others">Names of all other endpoints.</param>
/// <param name="discovery">The tenant's configuration.</param>
/// <param name="now">The present.</param>
internal sealed class SignalBatch(string endpoint, ImmutableArray<string> others, DiscoveryConfiguration discovery, DateTimeOffset now)
{
    private readonly List<RefusedSignal> refused = [];

    /// <summary>The session afterwards.</summary>
    public StoredSession Session { get; private set; } = null!;

    /// <summary>The mailboxes afterwards.</summary>
    public SignalingState Mailboxes { get; private set; } = null!;

    /// <summary>Accepted, or why it went no further.</summary>
    public SignalingStatus Status { get; private set; }

    /// <summary>Signals that were received and not passed on.</summary>
    public ImmutableArray<RefusedSignal> Refused => [.. refused];

    /// <summary>Applies <paramref name="signals"/>.</summary>
    public void Take(StoredSession session, SignalingState mailboxes, ImmutableArray<SentSignal> signals)
    {
        (Session, Mailboxes) = (session, mailboxes);
        foreach (var sent in signals)
        {
            var received = Mailboxes.Of(endpoint).Received;
            if (sent.Sequence <= received)
                continue;
            if (sent.Sequence > received + 1)
            {
                Status = SignalingStatus.Gap;
                return;
            }

            if (Session.Session!.State == SessionState.Ended)
            {
                Status = SignalingStatus.Ended;
                return;
            }

            Apply(sent);
        }
    }

    private void Apply(SentSignal sent)
    {
        if (sent.Signal is DescriptionSignal or CandidateSignal)
        {
            (Mailboxes, var status) = Mailboxes.Pass(endpoint, sent, others);
            if (status != SignalingStatus.Accepted)
                refused.Add(new RefusedSignal(sent.Sequence, status));
            return;
        }

        Session = sent.Signal switch
        {
            NatSignal nat => Session.Learn(endpoint, nat.Nat, discovery, now),
            ConnectivitySignal connectivity => Session.Report(endpoint, connectivity, now),
            ByeSignal bye => Session.SayGoodbye(endpoint, bye.Reason, now),
            _ => throw new ArgumentOutOfRangeException(nameof(sent), sent.Signal.GetType().Name, "Endpoints don't say this."),
        };
        Mailboxes = Mailboxes.With(endpoint, Mailboxes.Of(endpoint) with { Received = sent.Sequence });
    }
}
