namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// Keeps a thread that mostly waits ahead of all that share its processor (<c>SCHED_RR</c>): it runs as soon as there is something to do, not when others have used up
/// their slice. Needs CAP_SYS_NICE, or RLIMIT_RTPRIO of at least 1. A thread that never waits would leave the others next to nothing, those of its own process too:
/// it steps back then, shares as it did before, and leads again once it waits again. For one thread, and called on it.
/// </summary>
internal sealed class RealtimeLead
{
    /// <summary>Rounds of work between two looks at how often the thread has waited.</summary>
    public const int Rounds = 64;

    // Of these rounds. Far apart, so that a thread between them does not go to and fro.
    private const int WaitsThatKeepTheLead = 4;
    private const int WaitsThatGiveItBack = 16;

    // The lowest there is: ahead of what shares, behind what an operator gave more.
    private const uint Priority = 1;

    private readonly SchedulingAttributes sharing;
    private readonly SchedulingAttributes leading;
    private int rounds;
    private long waits;

    private RealtimeLead(SchedulingAttributes sharing)
    {
        // The flag can't be taken back without privilege, so both have it.
        sharing.Flags |= SchedulingAttributes.NotForNewThreads;
        this.sharing = sharing;
        leading = new SchedulingAttributes { Policy = SchedulingAttributes.RoundRobin, Priority = Priority, Flags = SchedulingAttributes.NotForNewThreads };
        waits = LibC.WaitsOfThisThread();
    }

    /// <summary>True while the thread is ahead of others.</summary>
    public bool Leads { get; private set; }

    /// <summary>Gives the calling thread the lead.</summary>
    /// <returns>Null when the system refuses, or an operator chose a policy for the process: nothing has changed then.</returns>
    public static RealtimeLead? Take()
    {
        if (!SchedulingAttributes.TryRead(out var attributes) || attributes.Policy != SchedulingAttributes.Other)
        {
            return null;
        }

        var lead = new RealtimeLead(attributes);
        lead.Leads = lead.leading.TryApply();
        return lead.Leads ? lead : null;
    }

    /// <summary>To be called once for each round of work.</summary>
    public void OnRound()
    {
        if (++rounds < Rounds)
        {
            return;
        }

        rounds = 0;
        var before = waits;
        waits = LibC.WaitsOfThisThread();
        if (Leads ? waits - before < WaitsThatKeepTheLead : waits - before >= WaitsThatGiveItBack)
        {
            Leads = (Leads ? sharing : leading).TryApply() ? !Leads : Leads;
        }
    }
}
