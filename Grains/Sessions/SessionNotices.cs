using NetDiscovery.Grains.Interfaces.Sessions;

namespace NetDiscovery.Grains.Sessions;

/// <summary>What endpoints are told when their session changes.</summary>
internal static class SessionNotices
{
    /// <summary>Tells every endpoint of a new decision, a new state or path, or the end.</summary>
    public static SignalingState Add(SignalingState mail, Session before, Session after)
    {
        var all = after.Endpoints.Select(endpoint => endpoint.Name).ToList();
        if (after.Decision.Mode != before.Decision.Mode || after.Decision.Reason != before.Decision.Reason)
            mail = mail.Tell(all, null, new DecisionSignal(after.Decision.Mode, after.Decision.Reason));
        if (after.State != before.State || after.Path != before.Path)
            mail = mail.Tell(all, null, new StateSignal(after.State, after.Path));
        if (after.State == SessionState.Ended && before.State != SessionState.Ended)
            mail = mail.Tell(all, null, new ByeSignal("The session has ended."));
        return mail;
    }

    /// <summary>Tells an endpoint that came back what holds now: a notice may have been lost with the silo that was about to store it.</summary>
    public static SignalingState Remind(SignalingState mail, string endpoint, Session session) => mail
        .Tell([endpoint], null, new DecisionSignal(session.Decision.Mode, session.Decision.Reason))
        .Tell([endpoint], null, new StateSignal(session.State, session.Path));
}
