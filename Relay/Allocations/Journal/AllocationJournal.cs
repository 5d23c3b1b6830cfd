using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners.Linux;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>
/// The relay's memory of its allocations: a memory-mapped file of fixed-size slots, one for each allocation that lives or whose end the
/// cluster has not confirmed. Killing the process loses nothing; losing power loses what was not flushed (<see cref="Flush"/>).
/// Acquiring and releasing slots is thread-safe; a slot itself belongs to its worker and to its shard's sender.
/// </summary>
internal sealed unsafe class AllocationJournal : IDisposable
{
    public const int SlotsPerSegment = 1024;

    private const int HeaderSize = 4096;
    private const int SegmentSize = SlotsPerSegment * SlotLayout.Size;
    private const int FormatVersion = 2;
    private const int ClockOffset = 2048;
    private const int RewriteOffset = 2560;

    private readonly FileStream file;
    private readonly string path;
    private readonly TimeProvider time;
    private readonly List<Segment> segments = [];
    private readonly Stack<int> free = new();
    private readonly Lock gate = new();
    private readonly int maxSegments;
    private readonly Segment header;
    private readonly IdentityRewrite rewrite;
    private readonly DepartureFile departures;
    private bool disposed;

    private AllocationJournal(FileStream file, string path, int maxMegabytes, TimeProvider time)
    {
        this.file = file;
        this.path = path;
        this.time = time;
        maxSegments = Math.Max(1, (int)((long)maxMegabytes * 1024 * 1024 / SegmentSize));
        header = new Segment(file, 0, HeaderSize);
        for (long at = HeaderSize; at < file.Length; at += SegmentSize)
        {
            segments.Add(new Segment(file, at, SegmentSize));
        }

        rewrite = new IdentityRewrite(header.Pointer + RewriteOffset);
        rewrite.Complete(FindUsed);
        departures = new DepartureFile(Path.ChangeExtension(path, ".departures"));
        Resolved = departures.Resolve(FindUsed);
        Clock = new JournalClock(header.Pointer + ClockOffset, time, JournalClock.ThisBoot());
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
    /// <exception cref="StartupException">The file is in use by another process, unreadable, or of another format. Nothing in it was changed.</exception>
    public static AllocationJournal Open(string folder, string relayId, int maxMegabytes, TimeProvider time)
    {
        var path = Path.Combine(folder, $"journal-{relayId}.bin");
        FileStream? file = null;
        try
        {
            DataFolder.Prepare(folder);
            file = new FileStream(path, DataFolder.PrivateFile(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            if (file.Length == 0)
            {
                WriteHeader(file, relayId);
            }
            else
            {
                CheckHeader(file, path, relayId);
            }

            return new AllocationJournal(file, path, maxMegabytes, time);
        }
        catch (Exception exception)
        {
            file?.Dispose();
            throw exception switch
            {
                StartupException => exception,
                IOException io when file is null && IsSharingViolation(io) => new StartupException(
                    $"The journal {path} is in use by another process: is a relay with this Relay:Id running already? Stop it, or give this one another Relay:Id or Relay:DataPath.", inner: exception),
                IOException or UnauthorizedAccessException => new StartupException(
                    $"The journal {path} can't be opened: {exception.Message.TrimEnd('.')}. Give Relay:DataPath a folder that the relay may write.", inner: exception),
                _ => exception,
            };
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

    /// <summary>Asks the system to write what has changed to the disk; bounds what a loss of power costs.</summary>
    public void Flush()
    {
        Segment[] all;
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            all = [header, .. segments];
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
        Unlock(file);
    }

    // The mappings keep the file open, and with it the lock that FileShare.None is on Linux.
    private static void Unlock(FileStream file) => _ = LibC.FileLock((int)file.SafeFileHandle.DangerousGetHandle(), LibC.LOCK_UN);

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
        using (var damaged = new FileStream(path + ".damaged", DataFolder.PrivateFile(FileMode.Append, FileAccess.Write, FileShare.Read)))
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
            var at = HeaderSize + ((long)segments.Count * SegmentSize);
            RandomAccess.Write(file.SafeFileHandle, new byte[SegmentSize], at);
            segments.Add(new Segment(file, at, SegmentSize));
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

    private static ReadOnlySpan<byte> Magic => "NDALLOC\n"u8;

    private static void WriteHeader(FileStream file, string relayId)
    {
        var bytes = new byte[HeaderSize];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), SlotLayout.Size);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), SlotsPerSegment);
        bytes[20] = (byte)Encoding.UTF8.GetBytes(relayId, bytes.AsSpan(21));
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    private static void CheckHeader(FileStream file, string path, string relayId)
    {
        var bytes = new byte[HeaderSize];
        file.Position = 0;
        if (file.ReadAtLeast(bytes, HeaderSize, throwOnEndOfStream: false) < HeaderSize || !bytes.AsSpan().StartsWith(Magic))
        {
            throw new StartupException($"{path} is not a journal, or damaged. Move it away to start without it; usage it may hold that was not reported is then not billed.");
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8)) is var version && version != FormatVersion)
        {
            throw new StartupException($"The journal {path} has format {version}; this relay reads format {FormatVersion}. Start the version that wrote it until all is reported, then upgrade.");
        }

        var owner = Encoding.UTF8.GetString(bytes, 21, bytes[20]);
        if (owner != relayId || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)) != SlotLayout.Size || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(16)) != SlotsPerSegment)
        {
            throw new StartupException($"The journal {path} belongs to relay '{owner}', not '{relayId}'. Set Relay:Id or Relay:DataPath right.");
        }

        if ((file.Length - HeaderSize) % SegmentSize is var rest && rest != 0)
        {
            // The process died while the file grew: no slot of the last segment was ever used.
            RandomAccess.Write(file.SafeFileHandle, new byte[SegmentSize - rest], file.Length);
        }
    }

    private static bool IsSharingViolation(IOException exception) =>
        OperatingSystem.IsWindows() ? (exception.HResult & 0xFFFF) is 32 or 33 : exception is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && exception.Message.Contains("being used", StringComparison.Ordinal);

    /// <summary>The file of <see cref="DepartureLog"/>s beside the journal; nothing in it matters once it was resolved.</summary>
    private sealed class DepartureFile : IDisposable
    {
        private readonly FileStream file;
        private readonly List<Segment> logs = [];

        public DepartureFile(string path) =>
            file = new FileStream(path, DataFolder.PrivateFile(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));

        public int Resolve(Func<int, ulong, JournalSlot?> find)
        {
            var resolved = 0;
            for (long at = 0; at + DepartureLog.Size <= file.Length; at += DepartureLog.Size)
            {
                using var log = new Segment(file, at, DepartureLog.Size);
                resolved += DepartureLog.Resolve(log.Pointer, find);
            }

            file.SetLength(0);
            return resolved;
        }

        public DepartureLog Open()
        {
            // Written, not just extended: see TryGrow.
            var at = (long)logs.Count * DepartureLog.Size;
            RandomAccess.Write(file.SafeFileHandle, new byte[DepartureLog.Size], at);
            logs.Add(new Segment(file, at, DepartureLog.Size));
            return new DepartureLog(logs[^1].Pointer);
        }

        public void Relinquish() => Unlock(file);

        public void Dispose()
        {
            logs.ForEach(log => log.Dispose());
            file.Dispose();
        }
    }

    private sealed class Segment : IDisposable
    {
        private readonly MemoryMappedFile map;
        private readonly MemoryMappedViewAccessor view;

        public Segment(FileStream file, long offset, long size)
        {
            map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
            view = map.CreateViewAccessor(offset, size, MemoryMappedFileAccess.ReadWrite);
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            Pointer = start + view.PointerOffset;
        }

        public byte* Pointer { get; }

        public void Flush()
        {
            try
            {
                view.Flush();
            }
            catch (ObjectDisposedException)
            {
                // Closed meanwhile; closing writes everything.
            }
        }

        public void Dispose()
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            map.Dispose();
        }
    }
}
