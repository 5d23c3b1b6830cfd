using System.Runtime.InteropServices;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>
/// The journal once more, on a disk, where the journal itself lies in memory (a tmpfs) that outlives the process and not the machine. What has changed is written
/// now and then, so a loss of power costs what it costs a journal on a disk. Nobody who counts in the journal waits for it: the system write-protects the pages of a
/// mapped file each time it writes them out, those of a tmpfs never.
/// </summary>
internal sealed class JournalCopy : IDisposable
{
    private const int Block = SlotLayout.Size;
    private const int RunBlocks = 32;
    private const long Free = 1;

    private readonly FileStream file;
    private readonly Lock gate = new();
    private readonly byte[] run = new byte[RunBlocks * Block];
    private long[] written = [];
    private volatile bool closed;

    private JournalCopy(FileStream file, string path)
    {
        this.file = file;
        Path = path;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Opens the copy of <paramref name="relayId"/>'s journal, making it when there is none.</summary>
    /// <exception cref="StartupException">See <see cref="AllocationJournal.Open"/>.</exception>
    public static JournalCopy Open(string folder, string relayId)
    {
        var path = JournalFile.PathOf(folder, relayId);
        var file = JournalFile.OpenLocked(path);
        try
        {
            JournalFile.Prepare(file, path, relayId);
            return new JournalCopy(file, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Lets the journal begin as its copy, where the copy is newer: the machine was started again, or the journal was kept in this folder meanwhile.</summary>
    public void RestoreInto(FileStream journal, string journalPath)
    {
        // Where this file was the journal itself, what it had sent last lies beside it.
        var departures = DepartureFile.PathOf(Path);
        if (JournalFile.GenerationOf(file) > JournalFile.GenerationOf(journal))
        {
            // The header last: without it the file counts as older still, and a process killed in the middle is followed by one that begins again.
            journal.SetLength(0);
            journal.Position = file.Position = JournalFile.HeaderSize;
            file.CopyTo(journal);
            journal.Flush();
            if (File.Exists(departures))
            {
                File.Copy(departures, DepartureFile.PathOf(journalPath), overwrite: true);
            }

            var header = new byte[JournalFile.HeaderSize];
            RandomAccess.Read(file.SafeFileHandle, header, 0);
            RandomAccess.Write(journal.SafeFileHandle, header, 0);
        }

        // Taken along now, or by a process that was killed before it came here: counted once.
        File.Delete(departures);
    }

    /// <summary>Writes the blocks of a part of the journal that are not what was written last.</summary>
    /// <param name="offset">Where the part begins in the file, bytes: a multiple of a slot's size.</param>
    /// <param name="part">Its bytes, a multiple of a slot's size. They may change meanwhile; each slot tells by itself when it is torn.</param>
    /// <returns>Blocks written: those before <see cref="Relinquish"/>, which another thread may call meanwhile and which waits for no more than a few.</returns>
    /// <exception cref="IOException">The disk is full or broken. What it did not take is written by the next call.</exception>
    public int Write(long offset, ReadOnlySpan<byte> part)
    {
        lock (gate)
        {
            var first = (int)(offset / Block);
            var blocks = part.Length / Block;
            if (written.Length < first + blocks)
            {
                Array.Resize(ref written, first + blocks);
            }

            var total = 0;
            var inRun = 0;
            for (var i = 0; i <= blocks && !closed; i++)
            {
                var changed = i < blocks && Changed(part.Slice(i * Block, Block), offset >= JournalFile.HeaderSize, written[first + i], run.AsSpan(inRun * Block, Block), out written[first + i]);
                inRun += changed ? 1 : 0;
                if (inRun > 0 && (!changed || inRun == RunBlocks))
                {
                    WriteRun(first + i + (changed ? 1 : 0) - inRun, inRun);
                    total += inRun;
                    inRun = 0;
                }
            }

            return total;
        }
    }

    /// <summary>Waits until the disk has what was written.</summary>
    public void FlushToDisk()
    {
        try
        {
            RandomAccess.FlushToDisk(file.SafeFileHandle);
        }
        catch (ObjectDisposedException)
        {
            // Closed meanwhile.
        }
    }

    /// <summary>Writes nothing any more, and lets another process open the file.</summary>
    public void Relinquish()
    {
        Close();
        JournalFile.Unlock(file);
    }

    public void Dispose()
    {
        Close();
        file.Dispose();
    }

    /// <summary>Takes a block as it is now, and tells whether that was written already. By a checksum: once in 2^32 changes one is missed until the next.</summary>
    /// <param name="block">In the journal.</param>
    /// <param name="isSlot">True: all of a free one is the same.</param>
    /// <param name="before">What was written last; 0 = nothing.</param>
    /// <param name="taken">Takes its bytes.</param>
    /// <param name="now">Stands for what it is now.</param>
    private static bool Changed(ReadOnlySpan<byte> block, bool isSlot, long before, Span<byte> taken, out long now)
    {
        if (isSlot && before == Free && IsFree(block))
        {
            now = Free;
            return false;
        }

        block.CopyTo(taken);
        now = isSlot && IsFree(taken) ? Free : 1L << 32 | Checksum.Of(taken);
        return now != before;
    }

    private static bool IsFree(ReadOnlySpan<byte> slot) => MemoryMarshal.Read<int>(slot) == (int)SlotState.Free;

    private void Close()
    {
        closed = true;
        lock (gate)
        {
            // Who writes has seen it.
        }
    }

    private void WriteRun(int block, int count)
    {
        try
        {
            RandomAccess.Write(file.SafeFileHandle, run.AsSpan(0, count * Block), (long)block * Block);
        }
        catch
        {
            written.AsSpan(block, count).Clear();
            throw;
        }
    }
}
