using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.ServiceDefaults;
using TransportAddress = NetDiscovery.Relay.Protocol.TransportAddress;

namespace NetDiscovery.Relay.Tests.Allocations;

/// <summary>A journal in memory and its copy on the disk: which one the next process begins with, and what is in it.</summary>
public sealed class JournalCopyTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly string root = Directory.CreateTempSubdirectory("journal-copy-tests-").FullName;

    private string Memory => Path.Combine(root, "memory");

    private string Disk => Path.Combine(root, "disk");

    private string MemoryFile => JournalFile.PathOf(Memory, "r");

    private string DiskFile => JournalFile.PathOf(Disk, "r");

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_journal_whose_memory_is_lost_is_what_was_flushed_last()
    {
        var journal = Open();
        var slot = Acquire(journal, "kept");
        slot.Counters.BytesToPeer = 1_000;
        journal.MarkAlive(Now);
        journal.Flush();
        slot.Counters.BytesToPeer = 2_000;
        LoseMemory(journal);

        using var again = Open();

        var earlier = Assert.Single(again.Earlier);
        Assert.Equal("kept", Encoding.ASCII.GetString(SlotIdentity.TryRead(earlier.Identity)!.Username));
        Assert.Equal(1_000, earlier.Counters.BytesToPeer);
        Assert.Equal(Now, again.EarlierAliveAt);
    }

    [Fact]
    public void A_killed_process_is_followed_by_its_memory_not_by_the_older_copy()
    {
        var journal = Open();
        var slot = Acquire(journal, "kept");
        journal.MarkAlive(Now);
        journal.Flush();
        slot.Counters.BytesToPeer = 2_000;
        Acquire(journal, "later");
        Kill(journal);

        using var again = Open();

        Assert.Equal(2, again.Earlier.Count);
        Assert.Contains(again.Earlier, earlier => earlier.Counters.BytesToPeer == 2_000);
    }

    [Fact]
    public void A_stopped_process_leaves_a_copy_that_is_complete()
    {
        var journal = Open();
        var slot = Acquire(journal, "kept");
        journal.Flush();
        slot.Counters.BytesToPeer = 3_000;
        journal.Dispose();
        Directory.Delete(Memory, recursive: true);

        using var again = Open();

        Assert.Equal(3_000, Assert.Single(again.Earlier).Counters.BytesToPeer);
    }

    [Fact]
    public void What_was_released_is_free_in_the_copy()
    {
        var journal = Open();
        var (gone, kept) = (Acquire(journal, "gone"), Acquire(journal, "kept"));
        journal.Flush();
        journal.Release(gone);
        journal.Flush();
        LoseMemory(journal);

        using var again = Open();

        Assert.Equal(kept.Index, Assert.Single(again.Earlier).Index);
    }

    [Fact]
    public void Permissions_beyond_a_slots_room_are_in_the_copy()
    {
        const int Many = 90;
        var journal = Open();
        var slot = Acquire(journal, "kept");
        var peers = journal.PeersOf(slot, SlotIdentity.TryRead(slot.Identity)!.Allocation);
        for (var number = 1; number <= Many; number++)
        {
            Assert.True(peers.TryReserve(1));
            peers.Put(0, TransportAddress.FromIPv4(0xC000_0200 + (uint)number, 0), 100_000, before: -1);
        }

        journal.Flush();
        LoseMemory(journal);

        using var again = Open();

        var earlier = Assert.Single(again.Earlier);
        Assert.Equal(Many, again.PeersOf(earlier, SlotIdentity.TryRead(earlier.Identity)!.Allocation).ReadAll().Count());
    }

    [Fact]
    public void A_relay_that_is_given_memory_begins_with_the_journal_it_had_on_disk()
    {
        using (var journal = AllocationJournal.Open(Disk, "r", 8, TimeProvider.System))
        {
            Acquire(journal, "kept").Counters.BytesToPeer = 5;
        }

        using var again = Open();

        Assert.Equal(5, Assert.Single(again.Earlier).Counters.BytesToPeer);
    }

    [Fact]
    public void A_copy_that_was_the_journal_meanwhile_is_newer_than_the_memory()
    {
        var journal = Open();
        var slot = Acquire(journal, "ended on disk");
        journal.Dispose();
        using (var onDisk = AllocationJournal.Open(Disk, "r", 8, TimeProvider.System))
        {
            onDisk.Release(Assert.Single(onDisk.Earlier));
            Acquire(onDisk, "newer");
        }

        using var again = Open();

        Assert.Equal("newer", Encoding.ASCII.GetString(SlotIdentity.TryRead(Assert.Single(again.Earlier).Identity)!.Username));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(JournalFile.HeaderSize)]
    [InlineData(JournalFile.HeaderSize + 3000)]
    [InlineData(JournalFile.HeaderSize + JournalFile.SegmentSize)]
    public void Filling_the_memory_from_the_copy_begins_again_when_it_was_cut_off(int written)
    {
        using (var journal = Open())
        {
            Acquire(journal, "kept").Counters.BytesToPeer = 7;
        }

        // What a process killed in the middle leaves: slots, all or some, and no header yet.
        var cut = File.ReadAllBytes(MemoryFile)[..written];
        cut.AsSpan(0, Math.Min(written, JournalFile.HeaderSize)).Clear();
        File.WriteAllBytes(MemoryFile, cut);

        using var again = Open();

        Assert.Equal(7, Assert.Single(again.Earlier).Counters.BytesToPeer);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public unsafe void What_a_journal_on_disk_had_sent_last_is_counted_once_whenever_who_takes_it_into_memory_is_killed(bool headerWritten)
    {
        var onDisk = AllocationJournal.Open(Disk, "r", 8, TimeProvider.System);
        var slot = Acquire(onDisk, "kept");
        slot.Counters.BytesToPeer = 5;
        var sending = onDisk.OpenDepartures();
        sending.Expect(slot, Counted.ToPeer, received: 100, sent: 100);
        sending.Put(0);
        sending.Begin(1);
        sending.Assign(0, 0);
        sending.Messages[0].Length = 100; // as the system writes it
        Kill(onDisk);
        var left = File.ReadAllBytes(DepartureFile.PathOf(DiskFile));
        Kill(Open());

        // Back to where a process killed in the middle leaves it: either way the departures lie on the disk still.
        File.WriteAllBytes(DepartureFile.PathOf(DiskFile), left);
        File.WriteAllBytes(DepartureFile.PathOf(MemoryFile), headerWritten ? [] : left);
        if (!headerWritten)
        {
            using var file = File.OpenWrite(MemoryFile);
            file.Write(new byte[JournalFile.HeaderSize]);
        }

        var journal = Open();
        Assert.Equal(105, Assert.Single(journal.Earlier).Counters.BytesToPeer);
        Assert.False(File.Exists(DepartureFile.PathOf(DiskFile)));

        journal.MarkAlive(Now);
        journal.Flush();
        LoseMemory(journal);
        using var again = Open();
        Assert.Equal(105, Assert.Single(again.Earlier).Counters.BytesToPeer);
    }

    [Fact]
    public void Only_what_has_changed_is_written()
    {
        var journal = new byte[JournalFile.SegmentSize];
        using var copy = JournalCopy.Open(Disk, "r");
        Assert.Equal(AllocationJournal.SlotsPerSegment, copy.Write(JournalFile.HeaderSize, journal));
        Assert.Equal(0, copy.Write(JournalFile.HeaderSize, journal));

        var random = new Random(1);
        for (var round = 0; round < 20; round++)
        {
            var changed = Enumerable.Range(0, random.Next(1, 200)).Select(_ => random.Next(AllocationJournal.SlotsPerSegment)).ToHashSet();
            foreach (var slot in changed)
            {
                random.NextBytes(journal.AsSpan(slot * SlotLayout.Size, SlotLayout.Size));
                BitConverter.TryWriteBytes(journal.AsSpan(slot * SlotLayout.Size), (int)SlotState.Live);
            }

            Assert.Equal(changed.Count, copy.Write(JournalFile.HeaderSize, journal));
            Assert.Equal(journal, Written());
        }

        // Of a free slot nothing but that it is free.
        journal.AsSpan(0, SlotLayout.Size).Clear();
        Assert.Equal(1, copy.Write(JournalFile.HeaderSize, journal));
        Assert.Equal(journal, Written());
        journal[100] = 1;
        Assert.Equal(0, copy.Write(JournalFile.HeaderSize, journal));

        byte[] Written() => OnDisk()[JournalFile.HeaderSize..];
    }

    [Fact]
    public void Who_has_handed_over_writes_no_copy_any_more_and_the_successor_does()
    {
        var predecessor = Open();
        var slot = Acquire(predecessor, "kept");
        predecessor.Flush();
        predecessor.Relinquish();
        using var successor = Open();
        slot.Counters.BytesToPeer = 9;
        predecessor.Flush();
        Assert.Equal(0, CountersOnDisk(slot.Index).BytesToPeer);

        successor.Flush();

        Assert.Equal(9, CountersOnDisk(slot.Index).BytesToPeer);
        predecessor.Dispose();
    }

    [Fact]
    public void A_second_process_is_refused_whether_it_keeps_its_journal_in_memory_or_not()
    {
        using var journal = Open();

        Assert.Contains("in use by another process", Assert.Throws<StartupException>(Open).Message, StringComparison.Ordinal);
        var other = Assert.Throws<StartupException>(() => AllocationJournal.Open(Path.Combine(root, "elsewhere"), "r", 8, TimeProvider.System, Disk));
        Assert.Contains("in use by another process", other.Message, StringComparison.Ordinal);
        Assert.Throws<StartupException>(() => AllocationJournal.Open(Disk, "r", 8, TimeProvider.System));
    }

    [Fact]
    public void A_copy_that_is_no_journal_is_refused_and_left_as_it_is()
    {
        Directory.CreateDirectory(Disk);
        File.WriteAllText(DiskFile, "not a journal, though it has been here for long");

        Assert.Contains("is not a journal", Assert.Throws<StartupException>(Open).Message, StringComparison.Ordinal);
        Assert.StartsWith("not a journal", File.ReadAllText(DiskFile), StringComparison.Ordinal);
    }

    private static JournalSlot Acquire(AllocationJournal journal, string username) =>
        journal.TryAcquire(JournalTests.Identity() with { Username = Encoding.ASCII.GetBytes(username) }, Now.AddMinutes(10))!;

    // Of a killed process the files stay as they are; its locks go.
    private static void Kill(AllocationJournal journal) => journal.Relinquish();

    private AllocationJournal Open() => AllocationJournal.Open(Memory, "r", 8, TimeProvider.System, Disk);

    private void LoseMemory(AllocationJournal journal)
    {
        Kill(journal);
        Directory.Delete(Memory, recursive: true);
    }

    private UsageCounters CountersOnDisk(int slot) => MemoryMarshal.Read<UsageCounters>(OnDisk().AsSpan(JournalFile.HeaderSize + (slot * SlotLayout.Size) + 64));

    // By a program that does not ask whether the file is locked.
    private byte[] OnDisk()
    {
        var read = Path.Combine(root, "read");
        using (var copying = Process.Start("cp", [DiskFile, read]))
        {
            copying.WaitForExit();
            Assert.Equal(0, copying.ExitCode);
        }

        return File.ReadAllBytes(read);
    }
}
