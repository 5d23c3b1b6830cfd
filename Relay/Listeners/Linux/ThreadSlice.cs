using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// The scheduling slice of a thread (<c>sched_setattr(2)</c>, <c>sched_runtime</c> of <c>SCHED_OTHER</c>, Linux 6.12 and later). A thread with a
/// short one is let in soon after it wakes, ahead of threads that compute for longer, and has no larger share of the processor for it. No
/// privilege is needed. Older kernels take the call and change nothing.
/// </summary>
internal static unsafe class ThreadSlice
{
    /// <summary>The shortest slice that the kernel takes.</summary>
    public const int ShortestNanoseconds = 100_000;

    private const uint Other = 0;
    private static readonly nint Get = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 275 : 315;
    private static readonly nint Set = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 274 : 314;

    /// <summary>Gives the calling thread the shortest slice. What an operator chose for the process (another policy, niceness) stays.</summary>
    /// <returns>False when the system refuses, or the thread is scheduled by another policy: nothing has changed then.</returns>
    public static bool Shorten()
    {
        if (!TryRead(out var attributes) || attributes.Policy != Other)
        {
            return false;
        }

        attributes.RuntimeNanoseconds = ShortestNanoseconds;
        return LibC.SystemCall(Set, 0, (nint)(&attributes), 0, 0) == 0;
    }

    /// <returns>The calling thread's slice in nanoseconds; 0 where the kernel has none to tell.</returns>
    public static long Read() => TryRead(out var attributes) ? (long)attributes.RuntimeNanoseconds : 0;

    private static bool TryRead(out Attributes attributes)
    {
        Attributes read = default;
        var done = LibC.SystemCall(Get, 0, (nint)(&read), sizeof(Attributes), 0) == 0;
        attributes = read;
        return done;
    }

    /// <summary><c>struct sched_attr</c> in its first form, which every kernel takes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public uint Size;
        public uint Policy;
        public ulong Flags;
        public int Niceness;
        public uint Priority;
        public ulong RuntimeNanoseconds;
        public ulong Deadline;
        public ulong Period;
    }
}
