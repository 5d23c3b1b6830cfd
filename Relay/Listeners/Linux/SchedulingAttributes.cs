using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>How the system schedules a thread: <c>struct sched_attr</c> of <c>sched_setattr(2)</c> in its first form, which every kernel takes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SchedulingAttributes
{
    /// <summary><c>SCHED_OTHER</c>: threads share the processor by their niceness.</summary>
    public const uint Other = 0;

    /// <summary><c>SCHED_RR</c>: at once, ahead of all that share.</summary>
    public const uint RoundRobin = 2;

    /// <summary><c>SCHED_FLAG_RESET_ON_FORK</c>: threads that the thread makes get no policy or niceness ahead of others from it.</summary>
    public const ulong NotForNewThreads = 1;

    private static readonly nint Get = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 275 : 315;
    private static readonly nint Set = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 274 : 314;

    private uint size;
    public uint Policy;
    public ulong Flags;
    public int Niceness;
    public uint Priority;

    /// <summary>The slice of a thread that shares, Linux 6.12 and later; 0 where the kernel has none to tell.</summary>
    public ulong RuntimeNanoseconds;
    private ulong deadline;
    private ulong period;

    /// <summary>Reads those of the calling thread.</summary>
    /// <returns>False when the system does not tell.</returns>
    public static bool TryRead(out SchedulingAttributes attributes)
    {
        SchedulingAttributes read = default;
        var done = LibC.SystemCall(Get, 0, (nint)(&read), sizeof(SchedulingAttributes), 0) == 0;
        attributes = read;
        return done;
    }

    /// <summary>Makes them those of the calling thread.</summary>
    /// <returns>False when the system refuses: nothing has changed then.</returns>
    public readonly bool TryApply()
    {
        var applied = this;
        applied.size = (uint)sizeof(SchedulingAttributes);
        return LibC.SystemCall(Set, 0, (nint)(&applied), 0, 0) == 0;
    }
}
