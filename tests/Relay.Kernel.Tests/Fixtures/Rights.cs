using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Kernel.Tests.Fixtures;

/// <summary>Runs something on a thread that has given up capabilities; rights of Linux belong to threads.</summary>
internal static unsafe partial class Rights
{
    private const int NetAdmin = 12, PerfMon = 38, Bpf = 39;

    public static T Without<T>(Func<T> action) => Run(0, action);

    /// <summary>Only CAP_NET_ADMIN, CAP_PERFMON and CAP_BPF.</summary>
    public static T WithForwardingOnly<T>(Func<T> action) => Run((1UL << NetAdmin) | (1UL << PerfMon) | (1UL << Bpf), action);

    private static T Run<T>(ulong capabilities, Func<T> action)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            const uint Version3 = 0x20080522;
            var header = (Version: Version3, Thread: 0);
            uint* sets = stackalloc uint[6];
            for (var half = 0; half < 2; half++)
            {
                // Effective, permitted, inheritable.
                sets[(half * 3) + 0] = sets[(half * 3) + 1] = (uint)(capabilities >> (32 * half));
                sets[(half * 3) + 2] = 0;
            }

            try
            {
                Assert.Equal(0, capset(&header, sets));
                result = action();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException(failure.Message, failure);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int capset(void* header, uint* sets);
}
