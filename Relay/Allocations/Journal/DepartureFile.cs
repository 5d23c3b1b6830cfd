using NetDiscovery.Relay.Hosting;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>The file of <see cref="DepartureLog"/>s beside the journal; nothing in it matters once it was resolved.</summary>
internal sealed unsafe class DepartureFile : IDisposable
{
    private readonly FileStream file;
    private readonly List<JournalSegment> logs = [];

    /// <exception cref="IOException">In use by another process, or can't be opened.</exception>
    public DepartureFile(string path) =>
        file = new FileStream(path, DataFolder.PrivateFile(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));

    /// <returns>Where the departures of the journal at <paramref name="journalPath"/> are kept.</returns>
    public static string PathOf(string journalPath) => Path.ChangeExtension(journalPath, ".departures");

    /// <summary>Counts what an earlier process had sent and not counted yet, and forgets it.</summary>
    /// <param name="find">The slot in use with that index and guard, if there is one.</param>
    /// <returns>Datagrams counted.</returns>
    public int Resolve(Func<int, ulong, JournalSlot?> find)
    {
        var resolved = 0;
        for (long at = 0; at + DepartureLog.Size <= file.Length; at += DepartureLog.Size)
        {
            using var log = new JournalSegment(file, at, DepartureLog.Size);
            resolved += DepartureLog.Resolve(log.Pointer, find);
        }

        file.SetLength(0);
        return resolved;
    }

    /// <summary>Makes the log of one more worker's departures.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    public DepartureLog Open()
    {
        // Written, not just extended: see AllocationJournal.TryGrow.
        var at = (long)logs.Count * DepartureLog.Size;
        JournalFile.WriteZeros(file, at, DepartureLog.Size);
        logs.Add(new JournalSegment(file, at, DepartureLog.Size));
        return new DepartureLog(logs[^1].Pointer);
    }

    /// <summary>Lets another process open the file.</summary>
    public void Relinquish() => JournalFile.Unlock(file);

    public void Dispose()
    {
        logs.ForEach(log => log.Dispose());
        file.Dispose();
    }
}
