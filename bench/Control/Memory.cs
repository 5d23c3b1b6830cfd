namespace NetDiscovery.Control.Bench;

/// <summary>Memory that outlives a process, as a relay of <c>deploy/systemd</c> has it for its journal.</summary>
internal static class Memory
{
    private const string Mount = "/dev/shm";

    /// <returns>An empty folder of its own on a tmpfs; on systems without one, in the folder for temporary files.</returns>
    public static string NewFolder() =>
        Directory.CreateDirectory(Path.Combine(Directory.Exists(Mount) ? Mount : Path.GetTempPath(), $"bench-control-{Guid.NewGuid():n}")).FullName;
}
