using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Sessions;

namespace NetDiscovery.Grains.Tests.Sessions;

public sealed class MailboxTests
{
    private static readonly CandidateSignal Candidate = new("candidate:1", "0", 0, null);

    [Fact]
    public void What_is_confirmed_is_forgotten_and_the_rest_stays_in_order()
    {
        var mailbox = Mailbox.Empty.Add("bob", Candidate).Add("bob", Candidate).Add("bob", Candidate);
        Assert.Equal([2L, 3L], mailbox.Confirm(1).Waiting.Select(waiting => waiting.Sequence));
        Assert.Empty(mailbox.Confirm(3).Waiting);
        Assert.Equal(4, mailbox.Confirm(3).Add("bob", Candidate).Waiting[0].Sequence);
        Assert.Same(mailbox, mailbox.Confirm(0));
        Assert.Equal([3L], mailbox.After(2).Select(waiting => waiting.Sequence));
    }

    [Fact]
    public void A_newer_notice_takes_the_place_of_an_older_one_and_of_no_endpoints_signal()
    {
        var mailbox = Mailbox.Empty.Add("bob", Candidate)
            .Add(null, new StateSignal(SessionState.Negotiating, null)).Add(null, new PresenceSignal("bob", true, false)).Add(null, new PresenceSignal("carol", true, false))
            .Add(null, new StateSignal(SessionState.Connected, SessionPath.Direct)).Add(null, new PresenceSignal("bob", false, false));
        Assert.Equal([1L, 4L, 5L, 6L], mailbox.Waiting.Select(waiting => waiting.Sequence));
    }

    [Fact]
    public void An_endpoint_that_does_not_read_stops_its_senders_and_notices_still_come_through()
    {
        var state = new SignalingState();
        var sequence = 0L;
        SignalingStatus status;
        do
        {
            (state, status) = state.Pass("alice", new SentSignal(++sequence, null, Candidate), ["bob"]);
        }
        while (status == SignalingStatus.Accepted);

        Assert.Equal((SignalingStatus.ReceiverFull, SignalingLimits.MaxWaiting + 1L), (status, sequence));
        Assert.Equal(sequence, state.Of("alice").Received);
        Assert.Equal(SignalingLimits.MaxWaiting + 1, state.Tell(["bob"], null, new ByeSignal("")).Of("bob").Waiting.Length);
        var large = new DescriptionSignal("offer", new string('x', SignalingLimits.MaxDescription));
        Assert.Equal(SignalingLimits.MaxWaitingText / SignalingLimits.MaxDescription, Enumerable.Range(0, 100).Aggregate(Mailbox.Empty, (mailbox, _) => mailbox.HasRoomFor(large) ? mailbox.Add("bob", large) : mailbox).Waiting.Length);
    }

    [Fact]
    public void A_signal_to_nobody_known_is_received_and_refused()
    {
        var (state, status) = new SignalingState().Pass("alice", new SentSignal(1, "carol", Candidate), ["bob"]);
        Assert.Equal((SignalingStatus.NoEndpoint, 1L), (status, state.Of("alice").Received));
        Assert.Empty(state.Of("bob").Waiting);
    }
}
