using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>
/// The relay's memory of its allocations: a memory-mapped file of fixed-size slots, one for each allocation that lives or whose end the
/// cluster has not confirmed. Killing the process loses nothing; losing power loses what was not flushed (<see cref="Flush"/>). A file on a disk makes whoever
/// writes to it wait now and then, the data path too: it may lie in memory (a tmpfs) and have a <see cref="JournalCopy"/> on the disk.
/// Acquiring and releasing slots is thread-safe; a slot itself belongs to its worker and to its shard's sender.
/// </summary>
internal sealed unsafe class AllocationJournal : IDisposable
{
    public const int SlotsPerSegment = 1024;

    private readonly FileStream file;
    private readonly string path;
    private readonly JournalCopy? copy;
    private readonly TimeProvider time;
    private readonly List<JournalSegment> segments = [];
    private readonly Stack<int> free = new();
    private readonly Lock gate = new();
    private readonly int maxSegments;
    private readonly JournalSegment header;
    private readonly IdentityRewrite rewrite;
    private readonly DepartureFile departures;
    private bool disposed;

    private AllocationJournal(FileStream file, string path, JournalCopy? copy, int maxMegabytes, TimeProvider time)
    {
        this.file = file;
        this.path = path;
        this.copy = copy;
        this.time = time;
        maxSegments = Math.Max(1, (int)((long)maxMegabytes * 1024 * 1024 / JournalFile.SegmentSize));
        header = new JournalSegment(file, 0, JournalFile.HeaderSize);
        for (long at = JournalFile.HeaderSize; at < file.Length; at += JournalFile.SegmentSize)
        {
            segments.Add(new JournalSegment(file, at, JournalFile.SegmentSize));
        }

        rewrite = new IdentityRewrite(header.Pointer + JournalFile.RewriteOffset);
        rewrite.Complete(FindUsed);
        departures = new DepartureFile(DepartureFile.PathOf(path));
        Resolved = departures.Resolve(FindUsed);
        Clock = new JournalClock(header.Pointer + JournalFile.ClockOffset, time, JournalClock.ThisBoot());
        EarlierAliveAt = Clock.AliveAt;
        FindSlots();
        MarkAlive(time.GetUtcNow());
    }

    /// <summary>Slots of earlier processes, found when the journal was opened: each is carried on or reported, then released.</summary>
    public List<JournalSlot> Earlier { get; } = [];

    /// <summary>Slots that made no sense when the journal was opened. They were copied into the file beside it that ends in <c>.damaged</c>.</summary>
    public int Damaged { get; private set; }

    /// <summary>Datagrams of a batch that was cut off by the end of the earlier process, and are counted now where they were sent.</summary>
    public int Resolved { get; }

    /// <summary>When the process that had the journal before was last seen alive; null for a new journal.</summary>
    public DateTimeOffset? EarlierAliveAt { get; }

    /// <summary>What deadlines are measured with.</summary>
    public JournalClock Clock { get; }

    /// <summary>Slots in use.</summary>
    public int InUse { get; private set; }

    /// <summary>Opens the journal of <paramref name="relayId"/>, making it when there is none.</summary>
    /// <param name="folder">Made when absent.</param>
    /// <param name="relayId">Names the file; another relay's journal is refused.</param>
    /// <param name="maxMegabytes">Largest size, MiB.</param>
    /// <param name="time">Clock.</param>
    /// <param name="copyFolder">Where a copy is kept, from which a journal begins that is not there or older; null or <paramref name="folder"/>: none.</param>
    /// <exception cref="StartupException">A file is in use by another process, unreadable, or of another format. Nothing in it was changed.</exception>
    public static AllocationJournal Open(string folder, string relayId, int maxMegabytes, TimeProvider time, string? copyFolder = null)
    {
        var path = JournalFile.PathOf(folder, relayId);
        FileStream? file = null;
        JournalCopy? copy = null;
        try
        {
            file = JournalFile.OpenLocked(path);
            if (copyFolder is not null && Path.GetFullPath(copyFolder) != Path.GetFullPath(folder))
            {
                copy = JournalCopy.Open(copyFolder, relayId);
                copy.RestoreInto(file, path);
            }

            JournalFile.Prepare(file, path, relayId);
            return new AllocationJournal(file, path, copy, maxMegabytes, time);
        }
        catch (Exception exception)
        {
            file?.Dispose();
            copy?.Dispose();
            throw exception is IOException or UnauthorizedAccessException ? JournalFile.CantOpen(path, exception) : exception;
        }
    }

    /// <summary>Takes a slot and fills it; when the method returns the allocation is on record.</summary>
    /// <returns>Null when the journal is as large as it may get, or the disk is full.</returns>
    public JournalSlot? TryAcquire(SlotIdentity identity, DateTimeOffset expiresAt)
    {
        JournalSlot slot;
        lock (gate)
        {
            if (disposed || (free.Count == 0 && !TryGrow()))
            {
                return null;
            }

            slot = SlotAt(free.Pop());
            InUse++;
        }

        slot.State = SlotState.Writing;
        slot.Clear();
        identity.Write(slot.Identity);
        slot.ExpiresAt = expiresAt;
        slot.Deadline = DeadlineOf(expiresAt);
        slot.State = SlotState.Live;
        return slot;
    }

    /// <summary>Makes the log of one more worker's departures.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    public DepartureLog OpenDepartures() => departures.Open();

    /// <returns>The same moment in <see cref="Clock"/> milliseconds.</returns>
    public long DeadlineOf(DateTimeOffset at) => Clock.Now + (long)(at - time.GetUtcNow()).TotalMilliseconds;

    /// <summary>The permissions and channels of a slot that holds <paramref name="allocation"/>.</summary>
    public SlotPeers PeersOf(JournalSlot slot, AllocationId allocation) => new(this, slot, allocation);

    /// <summary>Gives a slot room for more permissions and channels.</summary>
    /// <returns>False when the journal is as large as it may get, or the disk is full.</returns>
    public bool TryExtend(JournalSlot owner, AllocationId allocation)
    {
        JournalSlot extension;
        lock (gate)
        {
            if (disposed || (free.Count == 0 && !TryGrow()))
            {
                return false;
            }

            extension = SlotAt(free.Pop());
            InUse++;
        }

        extension.State = SlotState.Writing;
        extension.Clear();
        extension.Layout->ExtensionOrdinal = owner.Extensions.Count;
        extension.Layout->ExtensionOwner = owner.Index;
        extension.Layout->ExtensionAllocation = allocation.Value;
        extension.State = SlotState.Extension;
        owner.Extend(extension);
        return true;
    }

    /// <summary>Gives a slot back once nothing in it is needed any more. Twice is the same as once.</summary>
    public void Release(JournalSlot slot)
    {
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            // The slot first: extensions without an owner are free at the next start, an owner without them would have lost something.
            Free(slot);
            foreach (var extension in slot.TakeExtensions())
            {
                Free(extension);
            }
        }
    }

    /// <summary>Notes that the process is alive; tells the next one when this one ended.</summary>
    public void MarkAlive(DateTimeOffset now)
    {
        lock (gate)
        {
            if (!disposed)
            {
                Clock.Mark(now);
            }
        }
    }

    /// <summary>Has what has changed written to the disk; bounds what a loss of power costs.</summary>
    /// <exception cref="IOException">The disk does not take it. The journal goes on, the next call tries again.</exception>
    public void Flush()
    {
        JournalSegment[] all;
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            all = [.. segments, header];
        }

        if (copy is not null)
        {
            WriteCopy(copy, all);
            return;
        }

        foreach (var segment in all)
        {
            segment.Flush();
        }
    }

    /// <summary>Closes the file. No slot may be touched afterwards: stop the workers first.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
        }

        try
        {
            if (copy is not null)
            {
                WriteCopy(copy, [.. segments, header]);
            }
        }
        catch (IOException)
        {
            // The journal itself is whole; what the disk lacks, only a loss of power would miss.
        }

        copy?.Dispose();
        departures.Dispose();
        header.Dispose();
        segments.ForEach(segment => segment.Dispose());
        file.Dispose();
    }

    /// <summary>
    /// Lets another process open the file, and changes nothing in it any more. Without waiting for the disk, as <see cref="Dispose"/> does: what is mapped is
    /// the same memory in both, and goes with this process.
    /// </summary>
    public void Relinquish()
    {
        lock (gate)
        {
            disposed = true;
        }

        departures.Relinquish();
        copy?.Relinquish();
        JournalFile.Unlock(file);
    }

    // The header last: it tells which of journal and copy is the newer one.
    private static void WriteCopy(JournalCopy copy, JournalSegment[] all)
    {
        foreach (var segment in all)
        {
            copy.Write(segment.Offset, new ReadOnlySpan<byte>(segment.Pointer, segment.Size));
        }

        copy.FlushToDisk();
    }

    private void Free(JournalSlot slot)
    {
        if (slot.State != SlotState.Free)
        {
            slot.State = SlotState.Free;
            free.Push(slot.Index);
            InUse--;
        }
    }

    private void FindSlots()
    {
        var extensions = new List<JournalSlot>();
        for (var index = segments.Count * SlotsPerSegment - 1; index >= 0; index--)
        {
            var slot = SlotAt(index);
            switch (slot.State)
            {
                case SlotState.Free:
                    free.Push(index);
                    break;
                case SlotState.Writing:
                    slot.State = SlotState.Free;
                    free.Push(index);
                    break;
                case SlotState.Extension:
                    extensions.Add(slot);
                    break;
                case SlotState.Live or SlotState.Closed when slot.IsPlausible && SlotIdentity.TryRead(slot.Identity) is not null:
                    Earlier.Add(slot);
                    InUse++;
                    break;
                default:
                    SetAside(slot);
                    break;
            }
        }

        AttachExtensions(extensions);
    }

    private void AttachExtensions(List<JournalSlot> extensions)
    {
        var live = Earlier.Where(slot => slot.State == SlotState.Live).ToDictionary(slot => slot.Index);
        foreach (var extension in extensions.OrderBy(extension => extension.Layout->ExtensionOrdinal))
        {
            if (live.TryGetValue(extension.Layout->ExtensionOwner, out var owner)
                && SlotIdentity.TryRead(owner.Identity)!.Allocation.Value == extension.Layout->ExtensionAllocation)
            {
                owner.Extend(extension);
                InUse++;
            }
            else
            {
                extension.State = SlotState.Free;
                free.Push(extension.Index);
            }
        }
    }

    // One slot that makes no sense must not keep the others from living on. It may hold usage that was not billed, so it is kept.
    private void SetAside(JournalSlot slot)
    {
        using (var damaged = new FileStream((copy?.Path ?? path) + ".damaged", DataFolder.PrivateFile(FileMode.Append, FileAccess.Write, FileShare.Read)))
        {
            damaged.Write(slot.Raw);
        }

        Damaged++;
        slot.State = SlotState.Free;
        free.Push(slot.Index);
    }

    private JournalSlot? FindUsed(int index) =>
        index >= 0 && index < segments.Count * SlotsPerSegment && SlotAt(index) is { State: SlotState.Live or SlotState.Closed } slot ? slot : null;

    private JournalSlot? FindUsed(int index, ulong guard) => FindUsed(index) is { } slot && slot.Guard == guard ? slot : null;

    private JournalSlot SlotAt(int index) =>
        new((SlotLayout*)(segments[index / SlotsPerSegment].Pointer + ((long)(index % SlotsPerSegment) * SlotLayout.Size)), index, rewrite);

    private bool TryGrow()
    {
        if (segments.Count >= maxSegments)
        {
            return false;
        }

        try
        {
            // Written, not just extended: touching mapped memory without disk blocks behind it kills the process when the disk is full.
            var at = JournalFile.HeaderSize + ((long)segments.Count * JournalFile.SegmentSize);
            JournalFile.WriteZeros(file, at, JournalFile.SegmentSize);
            segments.Add(new JournalSegment(file, at, JournalFile.SegmentSize));
        }
        catch (IOException)
        {
            return false;
        }

        for (var index = (segments.Count * SlotsPerSegment) - 1; index >= (segments.Count - 1) * SlotsPerSegment; index--)
        {
            free.Push(index);
        }

        return true;
    }
}
