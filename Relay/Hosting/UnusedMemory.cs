using System.Runtime.InteropServices;
using NetDiscovery.Relay.Listeners;

namespace NetDiscovery.Relay.Hosting;

/// <summary>Memory that the process holds and does not use: garbage, free buffers, and what the C library keeps of freed memory.</summary>
internal static partial class UnusedMemory
{
    // A larger heap is not a relay's own: in Standalone it is the silo's too, and to compact it would hold up the data path.
    private const long LargestCompacted = 64 << 20;

    /// <summary>Gives it back to the system.</summary>
    /// <param name="garbage">True to collect garbage first: the data path waits for that, some 20 ms at most.</param>
    public static void GiveBack(bool garbage)
    {
        if (garbage)
        {
            var compact = GC.GetTotalMemory(forceFullCollection: false) <= LargestCompacted;
            GC.Collect(GC.MaxGeneration, compact ? GCCollectionMode.Aggressive : GCCollectionMode.Forced, compact, compact);
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
