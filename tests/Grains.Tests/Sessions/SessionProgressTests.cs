using System.Collections.Immutable;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Sessions;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Grains.Sessions;

namespace NetDiscovery.Grains.Tests.Sessions;

/// <summary>Where a session is follows from its endpoints' connections, and a broken path is moved.</summary>
public sealed class SessionProgressTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DiscoveryConfiguration PreferDirect = new();

    [Fact]
    public void A_session_goes_from_created_over_negotiating_to_connected()
    {
        var session = New();
        Assert.Equal(SessionState.Created, session.Session!.State);
        session = session.Join("alice", resumed: false, Start);
        Assert.Equal(SessionState.Created, session.Session!.State);
        session = session.Join("bob", resumed: false, Start);
        Assert.Equal(SessionState.Negotiating, session.Session!.State);
        session = Report(session, "alice", Connectivity.Connected, SessionPath.Direct);
        Assert.Equal(SessionState.Negotiating, session.Session!.State);
        session = Report(session, "bob", Connectivity.Connected, SessionPath.Direct);
        Assert.Equal((SessionState.Connected, SessionPath.Direct), (session.Session!.State, session.Session.Path));
        Assert.Equal(["created", "decision undecided", "joined", "joined", "negotiating", "connectivity", "connectivity", "connected"], session.Timeline.Select(entry => entry.Event));
    }

    [Fact]
    public void One_relayed_end_makes_the_path_relayed()
    {
        var session = Report(Report(Joined(), "alice", Connectivity.Connected, SessionPath.Direct), "bob", Connectivity.Connected, SessionPath.Relay);
        Assert.Equal(SessionPath.Relay, session.Session!.Path);
    }

    [Fact]
    public void An_endpoint_without_signaling_degrades_the_session_and_its_return_restores_it()
    {
        var session = Connected(SessionPath.Direct).Leave("alice", "gone", Start);
        Assert.Equal(SessionState.Degraded, session.Session!.State);
        Assert.Equal(SessionState.Connected, session.Join("alice", resumed: true, Start).Session!.State);
        Assert.Equal(SessionState.Negotiating, session.Join("alice", resumed: false, Start).Session!.State);
    }

    [Fact]
    public void A_repeated_step_changes_nothing()
    {
        var session = Connected(SessionPath.Direct);
        Assert.Same(session, session.Join("alice", resumed: true, Start));
        Assert.Same(session, Report(session, "alice", Connectivity.Connected, SessionPath.Direct));
        var left = session.Leave("bob", "gone", Start);
        Assert.Same(left, left.Leave("bob", "gone", Start));
        var ended = session.End("done", Start);
        Assert.Same(ended, ended.End("again", Start));
    }

    [Fact]
    public void The_goodbye_of_one_of_two_ends_the_session_and_of_one_of_three_does_not()
    {
        Assert.Equal(SessionState.Ended, Joined().SayGoodbye("bob", "", Start).Session!.State);
        var three = New("alice", "bob", "carol").Join("alice", false, Start).Join("bob", false, Start).Join("carol", false, Start).SayGoodbye("carol", "", Start);
        Assert.Equal(SessionState.Negotiating, three.Session!.State);
    }

    [Fact]
    public void New_knowledge_of_a_nat_decides_again()
    {
        var eim = new EndpointNat(NatBehaviour.EndpointIndependent, NatBehaviour.AddressAndPortDependent, false);
        var symmetric = eim with { Mapping = NatBehaviour.AddressAndPortDependent };
        var session = Joined().Learn("alice", symmetric, PreferDirect, Start);
        Assert.Equal(DecisionMode.Undecided, session.Session!.Decision.Mode);
        Assert.Equal(DecisionMode.Turn, session.Learn("bob", symmetric, PreferDirect, Start).Session!.Decision.Mode);
        Assert.Equal(DecisionMode.Turn, session.Learn("bob", eim, PreferDirect, Start).Session!.Decision.Mode);
        Assert.Equal(DecisionMode.Stun, Joined().Learn("alice", eim, PreferDirect, Start).Learn("bob", eim, PreferDirect, Start).Session!.Decision.Mode);
    }

    [Fact]
    public void What_is_learnt_adds_to_what_was_known_and_decides_no_more_once_connected()
    {
        var session = Connected(SessionPath.Direct).Learn("alice", new EndpointNat(NatBehaviour.AddressDependent, null, null), PreferDirect, Start);
        session = session.Learn("alice", new EndpointNat(null, null, true), PreferDirect, Start);
        Assert.Equal(new EndpointNat(NatBehaviour.AddressDependent, null, true), session.Session!.Endpoints[0].Nat);
        Assert.Equal(DecisionMode.Undecided, session.Session.Decision.Mode);
    }

    [Theory]
    [InlineData(Connectivity.Disconnected)]
    [InlineData(Connectivity.Failed)]
    public void A_broken_direct_path_moves_to_a_relay_once_for_both_reports(Connectivity how)
    {
        var broken = Report(Connected(SessionPath.Direct), "alice", how, null);
        var (moved, ask) = broken.Heal(PreferDirect, Start);
        Assert.Equal(DecisionMode.Turn, ask!.Mode);
        Assert.Equal((SessionState.Degraded, DecisionMode.Turn), (moved.Session!.State, moved.Session.Decision.Mode));
        Assert.Null(Report(moved, "bob", how, null).Heal(PreferDirect, Start + SessionHealing.MoveWithin / 2).Ask);
        Assert.NotNull(moved.Heal(PreferDirect, Start + SessionHealing.MoveWithin).Ask);
    }

    [Fact]
    public void Moves_in_vain_are_asked_for_less_and_less_often()
    {
        var (moved, _) = Report(Connected(SessionPath.Direct), "alice", Connectivity.Failed, null).Heal(PreferDirect, Start);
        var second = Start + SessionHealing.MoveWithin;
        var (again, _) = moved.Heal(PreferDirect, second);
        Assert.Null(again.Heal(PreferDirect, second + SessionHealing.MoveWithin).Ask);
        Assert.NotNull(again.Heal(PreferDirect, second + (SessionHealing.MoveWithin * 2)).Ask);
        for (var vain = 0; vain < 20; vain++)
            again = again.Heal(PreferDirect, Start + TimeSpan.FromMinutes(vain + 1)).Next;
        Assert.NotNull(again.Heal(PreferDirect, Start + TimeSpan.FromMinutes(20) + SessionHealing.LongestMove).Ask);
    }

    [Fact]
    public void Media_that_flows_for_a_moment_only_does_not_count_as_healed()
    {
        var session = Report(Connected(SessionPath.Direct), "alice", Connectivity.Disconnected, null).Heal(PreferDirect, Start).Next;
        var asked = new List<TimeSpan>();
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(60); passed += TimeSpan.FromSeconds(1))
        {
            var flows = passed.Seconds % 2 == 1;
            session = Report(session, "alice", flows ? Connectivity.Connected : Connectivity.Disconnected, SessionPath.Relay, Start + passed);
            (session, var ask) = session.Heal(PreferDirect, Start + passed);
            if (ask is not null)
                asked.Add(passed);
        }

        Assert.Equal([4, 12, 28], asked.Select(passed => passed.TotalSeconds));
    }

    [Fact]
    public void Media_that_goes_on_flowing_counts_as_healed()
    {
        var session = Report(Connected(SessionPath.Direct), "alice", Connectivity.Disconnected, null).Heal(PreferDirect, Start).Next;
        session = Report(session, "alice", Connectivity.Connected, SessionPath.Relay, Start);
        Assert.Equal(1, session.Heal(PreferDirect, Start + (SessionHealing.HealedAfter / 2)).Next.VainMoves);
        Assert.Equal(0, session.Heal(PreferDirect, Start + SessionHealing.HealedAfter).Next.VainMoves);
    }

    [Fact]
    public void After_restarts_in_vain_peer_connections_are_made_anew()
    {
        var (session, first) = Report(Connected(SessionPath.Direct), "alice", Connectivity.Failed, null).Heal(PreferDirect, Start);
        (session, var second) = session.Heal(PreferDirect, Start + TimeSpan.FromMinutes(1));
        var (moved, third) = session.Heal(PreferDirect, Start + TimeSpan.FromMinutes(2));
        Assert.Equal([false, false, true], new[] { first, second, third }.Select(ask => ask!.Anew));
        Assert.Contains("anew", moved.Timeline[^1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tenant_that_allows_direct_paths_only_is_never_moved_to_a_relay()
    {
        var direct = new DiscoveryConfiguration { Decision = "direct" };
        var session = Report(Connected(SessionPath.Direct), "alice", Connectivity.Failed, null);
        var asked = new List<MigrateSignal>();
        for (var minute = 0; minute < 3; minute++)
        {
            (session, var ask) = session.Heal(direct, Start + TimeSpan.FromMinutes(minute));
            asked.Add(ask!);
        }

        Assert.Equal([(DecisionMode.Stun, false), (DecisionMode.Stun, false), (DecisionMode.Stun, true)], asked.Select(ask => (ask.Mode, ask.Anew)));
        Assert.Equal((DecisionMode.Stun, "migrate stun"), (session.Session!.Decision.Mode, session.Timeline[^1].Event));

        session = Report(session, "alice", Connectivity.Connected, SessionPath.Direct).Heal(direct, Start + SessionHealing.HealedAfter).Next;
        Assert.Equal(0, session.VainMoves);
        Assert.Null(session.MigratedAt);
        Assert.Null(session.Heal(direct, Start + TimeSpan.FromHours(1)).Ask);
    }

    [Fact]
    public void The_direct_path_is_tried_again_later_and_later_until_it_works()
    {
        var session = Report(Connected(SessionPath.Direct), "alice", Connectivity.Failed, null).Heal(PreferDirect, Start).Next;
        session = Report(Report(session, "alice", Connectivity.Connected, SessionPath.Relay), "bob", Connectivity.Connected, SessionPath.Relay);
        session = session.Heal(PreferDirect, Start + SessionHealing.HealedAfter).Next;
        session = session.Heal(PreferDirect, Start + SessionHealing.HealedAfter).Next;
        Assert.Null(session.Heal(PreferDirect, Start + (SessionHealing.FirstTrial * 0.9)).Ask);
        var (tried, ask) = session.Heal(PreferDirect, Start + SessionHealing.FirstTrial);
        Assert.Equal(DecisionMode.Stun, ask!.Mode);
        Assert.Null(tried.Heal(PreferDirect, Start + (SessionHealing.FirstTrial * 2)).Ask);
        Assert.NotNull(tried.Heal(PreferDirect, Start + (SessionHealing.FirstTrial * 3)).Ask);

        var back = Report(Report(tried, "alice", Connectivity.Connected, SessionPath.Direct), "bob", Connectivity.Connected, SessionPath.Direct).Heal(PreferDirect, Start).Next;
        Assert.Equal((SessionState.Connected, SessionPath.Direct, DecisionMode.Stun), (back.Session!.State, back.Session.Path, back.Session.Decision.Mode));
        Assert.Null(back.Heal(PreferDirect, Start + TimeSpan.FromHours(1)).Ask);
    }

    [Fact]
    public void Where_the_table_says_relay_the_direct_path_is_not_tried()
    {
        var session = Connected(SessionPath.Relay);
        var (same, ask) = session.Heal(PreferDirect, Start + TimeSpan.FromHours(1));
        Assert.Null(ask);
        Assert.Same(session, same);
    }

    [Fact]
    public void A_lost_relay_is_replaced()
    {
        var (moved, ask) = Report(Connected(SessionPath.Relay), "bob", Connectivity.Failed, SessionPath.Relay).Heal(PreferDirect, Start);
        Assert.Equal(DecisionMode.Turn, ask!.Mode);
        Assert.Contains("another relay", ask.Reason, StringComparison.Ordinal);
        Assert.Equal("migrate turn", moved.Timeline[^1].Event);
    }

    private static StoredSession Connected(SessionPath path) => Report(Report(Joined(), "alice", Connectivity.Connected, path), "bob", Connectivity.Connected, path);

    private static StoredSession Report(StoredSession session, string endpoint, Connectivity state, SessionPath? path, DateTimeOffset? at = null) =>
        session.Report(endpoint, new ConnectivitySignal(state, path, null), at ?? Start);

    private static StoredSession Joined() => New().Join("alice", resumed: false, Start).Join("bob", resumed: false, Start);

    private static StoredSession New(params string[] names) => SessionSteps.Create(
        new CreateSession(
            SessionId.New("eu"), TenantId.New(), [.. (names.Length == 0 ? ["alice", "bob"] : names).Select(name => new SessionEndpoint(name, null, null, [1]))],
            ImmutableSortedDictionary<string, string>.Empty, "asked here"),
        PreferDirect, Start);
}
