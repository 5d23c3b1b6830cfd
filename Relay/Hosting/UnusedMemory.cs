using System.Runtime.InteropServices;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Hosting;

/// <summary>Memory that the process holds and does not use: garbage, free buffers, and what the C library keeps of freed memory.</summary>
internal static partial class UnusedMemory
{
    /// <summary>Gives it back to the system.</summary>
    /// <param name="step">How. A collection that stops the data path costs seconds on a machine that is under attack, and some ten milliseconds on one that has little to do.</param>
    public static void GiveBack(MemoryReturnStep step)
    {
        if (step == MemoryReturnStep.Beside)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        }
        else if (step == MemoryReturnStep.Compacting)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        DatagramBuffers.Shared.DiscardFree();
        if (OperatingSystem.IsLinux())
        {
            try
            {
                _ = Trim(0);
            }
            catch (EntryPointNotFoundException)
            {
                // Not the GNU C library: others keep less.
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
