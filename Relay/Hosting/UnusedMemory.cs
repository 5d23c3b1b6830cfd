using System.Runtime.InteropServices;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Hosting;

/// <summary>Memory that the process holds and does not use: garbage, free buffers, and what the C library keeps of freed memory.</summary>
internal static partial class UnusedMemory
{
    /// <summary>Gives it back to the system.</summary>
    /// <param name="garbage">True to collect garbage too, beside the data path: a collection that stops it costs seconds on a machine that is under attack.</param>
    public static void GiveBack(bool garbage)
    {
        if (garbage)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
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
