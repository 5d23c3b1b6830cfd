namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// The scheduling slice of a thread (<c>sched_setattr(2)</c>, <c>sched_runtime</c> of <c>SCHED_OTHER</c>, Linux 6.12 and later). A thread with a
/// short one is let in soon after it wakes, ahead of threads that compute for longer, and has no larger share of the processor for it. No
/// privilege is needed. Older kernels take the call and change nothing.
/// </summary>
internal static class ThreadSlice
{
    /// <summary>The shortest slice that the kernel takes.</summary>
    public const int ShortestNanoseconds = 100_000;

    /// <summary>Gives the calling thread the shortest slice. What an operator chose for the process (another policy, niceness) stays.</summary>
    /// <returns>False when the system refuses, or the thread is scheduled by another policy: nothing has changed then.</returns>
    public static bool Shorten()
    {
        if (!SchedulingAttributes.TryRead(out var attributes) || attributes.Policy != SchedulingAttributes.Other)
        {
            return false;
        }

        attributes.RuntimeNanoseconds = ShortestNanoseconds;
        return attributes.TryApply();
    }

    /// <returns>The calling thread's slice in nanoseconds; 0 where the kernel has none to tell.</returns>
    public static long Read() => SchedulingAttributes.TryRead(out var attributes) ? (long)attributes.RuntimeNanoseconds : 0;
}
