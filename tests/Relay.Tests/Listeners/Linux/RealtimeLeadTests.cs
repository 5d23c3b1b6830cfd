using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Listeners.Linux;

namespace NetDiscovery.Relay.Tests.Listeners.Linux;

/// <summary>What a thread's policy is in the end, as the system tells it. Where the system refuses the lead, that nothing has changed.</summary>
public sealed class RealtimeLeadTests
{
    [Fact]
    public void A_thread_leads_while_it_waits_steps_back_when_it_never_does_and_leads_again() => OnThread(lead =>
    {
        if (lead is null)
        {
            Assert.Equal(SchedulingAttributes.Other, Policy());
            return;
        }

        var slice = ThreadSlice.ShortestNanoseconds;
        for (var turn = 0; turn < 3; turn++)
        {
            Rounds(lead, wait: true);
            Assert.True(lead.Leads);
            Assert.Equal(SchedulingAttributes.RoundRobin, Policy());

            Rounds(lead, wait: false);
            Assert.False(lead.Leads);
            Assert.Equal(SchedulingAttributes.Other, Policy());
            Assert.Contains(ThreadSlice.Read(), new long[] { 0, slice });
        }
    });

    [Fact]
    public void A_few_waits_keep_the_lead_and_do_not_give_it_back() => OnThread(lead =>
    {
        if (lead is null)
        {
            Assert.Equal(SchedulingAttributes.Other, Policy());
            return;
        }

        Rounds(lead, wait: true);
        Some(8);
        Assert.True(lead.Leads);
        Rounds(lead, wait: false);
        Some(8);
        Assert.False(lead.Leads);

        void Some(int waits)
        {
            for (var round = 0; round < RealtimeLead.Rounds; round++)
            {
                if (round < waits)
                {
                    Wait();
                }

                lead.OnRound();
            }
        }
    });

    [Fact]
    public void Threads_that_it_makes_do_not_lead() => OnThread(_ =>
    {
        var policy = uint.MaxValue;
        var made = new Thread(() => policy = Policy());
        made.Start();
        made.Join();
        Assert.Equal(SchedulingAttributes.Other, policy);
    });

    private static void OnThread(Action<RealtimeLead?> test)
    {
        Assert.SkipUnless(DatagramPathChoice.HasBatched, "needs the batched path");
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(() =>
        {
            ThreadSlice.Shorten();
            test(RealtimeLead.Take());
        }));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    private static void Rounds(RealtimeLead lead, bool wait)
    {
        // What the thread did before is in the first look.
        for (var round = 0; round < 2 * RealtimeLead.Rounds; round++)
        {
            if (wait)
            {
                Wait();
            }

            lead.OnRound();
        }
    }

    private static void Wait()
    {
        using var never = new ManualResetEvent(false);
        never.WaitOne(1);
    }

    private static uint Policy() => SchedulingAttributes.TryRead(out var attributes) ? attributes.Policy : uint.MaxValue;
}
