using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Allocations;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.ServiceDefaults;
using TransportAddress = NetDiscovery.Relay.Protocol.TransportAddress;

namespace NetDiscovery.Relay.Tests.Allocations;

public sealed class JournalTests : IDisposable
{
    private const int ChurnedEntries = 40;
    private const string ChildVariable = "RELAY_TESTS_JOURNAL_CHILD";
    private static readonly TransportAddress[] MovesBetween = [TransportAddress.Parse("192.0.2.1:1000"), TransportAddress.Parse("[2001:db8::77]:65535")];
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly string folder = Directory.CreateTempSubdirectory("journal-tests-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Counters_and_identity_survive_sigkill_of_the_writer()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
        {
            start.ArgumentList.Add(typeof(JournalTests).Assembly.Location);
        }

        start.Environment[ChildVariable] = folder;
        using var child = Process.Start(start)!;
        long promised = 0;
        while (promised < 20_000)
        {
            promised = long.Parse((await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!, CultureInfo.InvariantCulture);
        }

        child.Kill();
        while (await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } line)
        {
            promised = long.TryParse(line, CultureInfo.InvariantCulture, out var later) ? Math.Max(promised, later) : promised;
        }

        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        using var journal = AllocationJournal.Open(folder, "r", 16, TimeProvider.System);
        var slot = Assert.Single(journal.Earlier);
        Assert.Equal(SlotState.Live, slot.State);
        var identity = SlotIdentity.TryRead(slot.Identity)!;
        Assert.Equal("user", Encoding.ASCII.GetString(identity.Claims));
        Assert.Contains(identity.Client, MovesBetween);
        Assert.InRange(slot.Counters.BytesToPeer, promised, long.MaxValue);
        Assert.InRange(slot.Counters.BytesToPeer - slot.Counters.PacketsToPeer, 0, 1);
        var entries = journal.PeersOf(slot, identity.Allocation).ReadAll();
        Assert.Equal(Enumerable.Range(1, ChurnedEntries), entries.Select(pair => (int)pair.Kept.Peer.Port).Order());
        Assert.All(entries, pair => Assert.InRange(pair.Kept.Deadline - journal.Clock.Now, 0, 400_000));
        Assert.NotNull(journal.EarlierAliveAt);
    }

    [Fact]
    public void Identity_comes_back_as_it_was_written()
    {
        var written = Identity();
        JournalSlot slot;
        using (var journal = AllocationJournal.Open(folder, "r", 16, TimeProvider.System))
        {
            slot = journal.TryAcquire(written, Now.AddMinutes(10))!;
            slot.Sequence = 7;
            slot.Counters.BytesFromPeer = 99;
            slot.Close(AllocationCloseReason.Cut, Now.AddMinutes(1));
            slot.ClosedSequence = 8;
        }

        using var again = AllocationJournal.Open(folder, "r", 16, TimeProvider.System);
        slot = Assert.Single(again.Earlier);
        var read = SlotIdentity.TryRead(slot.Identity)!;
        Assert.Equal(
            (written.Allocation, written.Incarnation, written.OpenedAt, written.Transport, written.Client, written.Server, written.Relayed, written.RelayedAdditional),
            (read.Allocation, read.Incarnation, read.OpenedAt, read.Transport, read.Client, read.Server, read.Relayed, read.RelayedAdditional));
        Assert.Equal(written.Claims, read.Claims);
        Assert.Equal(written.Username, read.Username);
        Assert.Equal((SlotState.Closed, AllocationCloseReason.Cut, Now.AddMinutes(1), Now.AddMinutes(10), 7L, 8L, 99L),
            (slot.State, slot.CloseReason, slot.ClosedAt, slot.ExpiresAt, slot.Sequence, slot.ClosedSequence, slot.Counters.BytesFromPeer));
    }

    [Fact]
    public void Released_slots_are_used_again_and_the_file_grows_only_to_its_limit()
    {
        using var journal = AllocationJournal.Open(folder, "r", 1, TimeProvider.System);
        var slots = new List<JournalSlot>();
        while (journal.TryAcquire(Identity(), Now) is { } slot)
        {
            slots.Add(slot);
        }

        Assert.Equal(AllocationJournal.SlotsPerSegment, slots.Count);
        slots[5].Counters.BytesToPeer = 1;
        journal.Release(slots[5]);
        journal.Release(slots[5]);
        var again = journal.TryAcquire(Identity(), Now)!;
        Assert.Equal(5, again.Index);
        Assert.Equal(0, again.Counters.BytesToPeer);
        Assert.Null(journal.TryAcquire(Identity(), Now));
    }

    [Fact]
    public void Journal_grows_by_segments_and_old_slots_stay_where_they_are()
    {
        using var journal = AllocationJournal.Open(folder, "r", 8, TimeProvider.System);
        var first = journal.TryAcquire(Identity(), Now)!;
        for (var i = 0; i < 3_000; i++)
        {
            Assert.NotNull(journal.TryAcquire(Identity(), Now));
        }

        first.Counters.PacketsToPeer++;
        Assert.Equal(3_001, journal.InUse);
    }

    [Fact]
    public void Journal_in_use_by_another_opener_is_refused()
    {
        using var journal = AllocationJournal.Open(folder, "r", 8, TimeProvider.System);
        var refusal = Assert.Throws<StartupException>(() => AllocationJournal.Open(folder, "r", 8, TimeProvider.System));
        Assert.Contains("in use", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Relay:Id", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "not a journal")]        // magic
    [InlineData(8, "format")]               // version
    [InlineData(21, "belongs to relay")]    // relay id
    public void Damaged_journal_is_refused_and_left_as_it_is(int at, string says)
    {
        using (var journal = AllocationJournal.Open(folder, "r", 8, TimeProvider.System))
        {
            Assert.Equal(0, journal.TryAcquire(Identity(), Now)!.Index);
        }

        var path = Path.Combine(folder, "journal-r.bin");
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 0xFF;
        File.WriteAllBytes(path, bytes);
        var refusal = Assert.Throws<StartupException>(() => AllocationJournal.Open(folder, "r", 8, TimeProvider.System));
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public void A_damaged_slot_is_set_aside_or_harmless_and_never_keeps_the_others_from_living()
    {
        var (damaged, whole) = (Identity(), Identity());
        var peers = Enumerable.Range(1, 30).Select(i => TransportAddress.FromIPv4((uint)i, 0)).ToArray();
        using (var journal = Open())
        {
            var slot = journal.TryAcquire(damaged, DateTimeOffset.UnixEpoch.AddYears(60))!;
            var cells = journal.PeersOf(slot, damaged.Allocation);
            Assert.True(cells.TryReserve(peers.Length));
            Array.ForEach(peers, peer => cells.Put(0, peer, 300_000, -1));
            journal.TryAcquire(whole, DateTimeOffset.UnixEpoch.AddYears(60));
        }

        var path = Path.Combine(folder, "journal-r.bin");
        var good = File.ReadAllBytes(path)[..(4096 + (4 * SlotLayout.Size))];
        var random = new Random(20_261_126);
        for (var at = 4096; at < 4096 + SlotLayout.Size; at++)
        {
            var bytes = (byte[])good.Clone();
            bytes[at] ^= (byte)random.Next(1, 256);
            using (var file = File.OpenWrite(path))
            {
                file.Write(bytes);
            }

            using var journal = Open();
            Assert.Contains(journal.Earlier, slot => SlotIdentity.TryRead(slot.Identity)!.Allocation == whole.Allocation);
            if (journal.Damaged == 0)
            {
                var slot = Assert.Single(journal.Earlier, slot => SlotIdentity.TryRead(slot.Identity)!.Allocation == damaged.Allocation);
                var read = journal.PeersOf(slot, damaged.Allocation).ReadAll();
                Assert.All(read, pair => Assert.Contains(pair.Kept.Peer, peers));
                Assert.InRange(read.Count, peers.Length - 1, peers.Length);
            }
            else
            {
                Assert.Equal(1, journal.InUse);
                Assert.Equal(bytes[4096..(4096 + SlotLayout.Size)], File.ReadAllBytes(path + ".damaged")[^SlotLayout.Size..]);
            }
        }
    }

    [Fact]
    public void Permissions_beyond_the_slot_take_further_slots_and_come_back_with_them()
    {
        var identity = Identity();
        var written = new List<KeptPeer>();
        using (var journal = Open())
        {
            var slot = journal.TryAcquire(identity, Now.AddYears(10))!;
            var cells = journal.PeersOf(slot, identity.Allocation);
            Assert.True(cells.TryReserve(512));
            for (var i = 0; i < 512; i++)
            {
                var peer = i % 2 == 0 ? TransportAddress.FromIPv4((uint)i, (ushort)i) : TransportAddress.FromIPv6(0x2001_0DB8_0000_0000, (ulong)i, (ushort)i);
                Assert.NotEqual(-1, cells.Put((ushort)(i % 3 == 0 ? 0 : 0x4000 + i), peer, 300_000, -1));
                written.Add(new KeptPeer((ushort)(i % 3 == 0 ? 0 : 0x4000 + i), peer, 0));
            }

            Assert.Equal(1 + 8, journal.InUse);
        }

        using (var again = Open())
        {
            var slot = Assert.Single(again.Earlier);
            var read = again.PeersOf(slot, identity.Allocation).ReadAll();
            Assert.Equal(written.ToHashSet(), read.Select(pair => pair.Kept with { Deadline = 0 }).ToHashSet());
            again.Release(slot);
            Assert.Equal(0, again.InUse);
        }

        using var empty = Open();
        Assert.Empty(empty.Earlier);
        Assert.Equal(0, empty.InUse);
    }

    [Fact]
    public void A_changed_entry_is_there_once_whenever_the_writer_died()
    {
        var identity = Identity();
        using (var journal = Open())
        {
            var cells = journal.PeersOf(journal.TryAcquire(identity, Now.AddYears(10))!, identity.Allocation);
            var first = cells.Put(0, identity.Client, 100_000, -1);
            Assert.NotEqual(first, cells.Put(0, identity.Client, 200_000, first));
            cells.Put(0, identity.Client, 300_000, -1);
        }

        using var again = Open();
        var kept = Assert.Single(again.PeersOf(Assert.Single(again.Earlier), identity.Allocation).ReadAll()).Kept;
        Assert.InRange(kept.Deadline - again.Clock.Now, 250_000, 300_000);
    }

    [Fact]
    public unsafe void A_client_that_moved_is_here_or_there_wherever_the_rewriting_process_was_cut_off()
    {
        var here = Identity();
        var there = here with { Client = TransportAddress.Parse("[2001:db8::77]:65535"), Claims = "newer claims"u8.ToArray() };
        var memory = (byte*)NativeMemory.AllocZeroed(IdentityRewrite.Size);
        var layout = (SlotLayout*)NativeMemory.AllocZeroed(SlotLayout.Size);
        var rewrite = new IdentityRewrite(memory);
        var slot = new JournalSlot(layout, 3, rewrite);
        Span<byte> note = new(memory, IdentityRewrite.Size), inSlot = slot.Identity;
        here.Write(inSlot);
        byte[] noteBefore = note.ToArray(), slotBefore = inSlot.ToArray();

        // The new identity is noted, the check comes last.
        rewrite.Note(3, there);
        var noted = note.ToArray();
        for (var written = sizeof(uint); written < noted.Length; written++)
        {
            noteBefore.CopyTo(note);
            noted.AsSpan(sizeof(uint)..written).CopyTo(note[sizeof(uint)..]);
            Assert.Equal(here.Client, AfterRestart().Client);
        }

        // Then it is written into the slot, in whatever order.
        there.Write(inSlot);
        var slotAfter = inSlot.ToArray();
        for (var written = 0; written <= slotAfter.Length; written++)
        {
            foreach (var fromTheEnd in new[] { false, true })
            {
                noted.CopyTo(note);
                slotBefore.CopyTo(inSlot);
                var range = fromTheEnd ? ^written.. : ..written;
                slotAfter.AsSpan(range).CopyTo(inSlot[range]);
                var read = AfterRestart();
                Assert.Equal((there.Client, "newer claims"), (read.Client, Encoding.ASCII.GetString(read.Claims)));
            }
        }

        // Then the note is forgotten: it says nothing about whatever the slot holds next.
        noted.CopyTo(note);
        rewrite.Forget();
        slotBefore.CopyTo(inSlot);
        Assert.Equal(here.Client, AfterRestart().Client);
        NativeMemory.Free(layout);
        NativeMemory.Free(memory);

        SlotIdentity AfterRestart()
        {
            new IdentityRewrite(memory).Complete(index => index == 3 ? slot : null);
            return SlotIdentity.TryRead(slot.Identity)!;
        }
    }

    [Fact]
    public void Cells_of_an_allocation_that_had_the_slot_before_are_not_believed()
    {
        var cell = default(PeerCell);
        var (mine, other) = (new AllocationId(Guid.NewGuid()), new AllocationId(Guid.NewGuid()));
        cell.Write(new KeptPeer(0x4000, TransportAddress.Parse("192.0.2.9:9"), 77), mine);
        Assert.False(cell.TryRead(other, out _));
        Assert.True(cell.TryRead(mine, out var kept));
        Assert.Equal(((ushort)0x4000, "192.0.2.9:9", 77L), (kept.Number, kept.Peer.ToString(), kept.Deadline));
    }

    [Fact]
    public unsafe void Journal_time_goes_on_over_restarts_reboots_and_steps_of_the_wall_clock()
    {
        var memory = stackalloc byte[JournalClock.Size];
        var (boot, nextBoot) = (Guid.NewGuid(), Guid.NewGuid());
        var time = new SteppingTime { Monotonic = TimeSpan.FromHours(100), Utc = Now };
        var first = new JournalClock(memory, time, boot);
        first.Mark(time.Utc);
        var start = first.Now;

        // The wall clock jumps, the process restarts: only the monotonic clock counts.
        time.Monotonic += TimeSpan.FromSeconds(10);
        time.Utc -= TimeSpan.FromDays(300);
        var second = new JournalClock(memory, time, boot);
        Assert.Equal(start + 10_000, second.Now);
        time.Utc = Now.AddSeconds(10);
        second.Mark(time.Utc);

        // The machine restarts: its monotonic clock begins anew, the wall clock tells how long it was away.
        time.Monotonic = TimeSpan.FromSeconds(3);
        time.Utc = Now.AddSeconds(70);
        var third = new JournalClock(memory, time, nextBoot);
        Assert.Equal(start + 70_000, third.Now);
        third.Mark(time.Utc);

        // Killed in the middle of a mark: the copy before it is still good.
        third.Mark(time.Utc);
        memory[64 + 40] ^= 1;
        time.Monotonic += TimeSpan.FromSeconds(1);
        Assert.Equal(start + 71_000, new JournalClock(memory, time, nextBoot).Now);
    }

    [Fact]
    public void File_that_was_growing_when_the_process_died_is_completed()
    {
        using (var journal = AllocationJournal.Open(folder, "r", 8, TimeProvider.System))
        {
            journal.TryAcquire(Identity(), Now);
        }

        using (var file = File.Open(Path.Combine(folder, "journal-r.bin"), FileMode.Append))
        {
            file.Write(new byte[5000]);
        }

        using var again = AllocationJournal.Open(folder, "r", 8, TimeProvider.System);
        Assert.Single(again.Earlier);
    }

    [Fact]
    public void Folder_that_cannot_be_made_is_named()
    {
        var file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");
        Assert.Contains("Relay:DataPath", Assert.Throws<StartupException>(() => AllocationJournal.Open(Path.Combine(file, "sub"), "r", 8, TimeProvider.System)).Message, StringComparison.Ordinal);
    }

    [ModuleInitializer]
    internal static void BecomeTheWriter()
    {
        if (Environment.GetEnvironmentVariable(ChildVariable) is not { } folder)
        {
            return;
        }

        var journal = AllocationJournal.Open(folder, "r", 16, TimeProvider.System);
        journal.MarkAlive(Now);
        var slot = journal.TryAcquire(Identity("user"), Now)!;
        var cells = journal.PeersOf(slot, SlotIdentity.TryRead(slot.Identity)!.Allocation);
        var here = SlotIdentity.TryRead(slot.Identity)!;
        var places = Array.ConvertAll(MovesBetween, client => here with { Client = client });
        cells.TryReserve(ChurnedEntries);
        var at = Enumerable.Range(1, ChurnedEntries).Select(port => cells.Put(0, TransportAddress.FromIPv4(1, (ushort)port), 300_000, -1)).ToArray();
        for (long i = 1; ; i++)
        {
            var entry = (int)(i % ChurnedEntries);
            at[entry] = cells.Put(0, TransportAddress.FromIPv4(1, (ushort)(entry + 1)), 300_000 + i % 1_000, at[entry]);

            slot.Rewrite(places[i % places.Length]);

            // Two plain stores: a kill between them leaves them one apart.
            slot.Counters.BytesToPeer = i;
            slot.Counters.PacketsToPeer = i;
            if (i % 1_000 == 0)
            {
                Console.WriteLine(i.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    private AllocationJournal Open() => AllocationJournal.Open(folder, "r", 16, TimeProvider.System);

    private sealed class SteppingTime : TimeProvider
    {
        public TimeSpan Monotonic { get; set; }

        public DateTimeOffset Utc { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Monotonic.Ticks;

        public override DateTimeOffset GetUtcNow() => Utc;
    }

    internal static SlotIdentity Identity(string user = "claims") => new()
    {
        Allocation = new AllocationId(Guid.NewGuid()),
        Incarnation = Guid.NewGuid(),
        OpenedAt = Now,
        Claims = Encoding.ASCII.GetBytes(user),
        Username = Encoding.ASCII.GetBytes(user == "user" ? user : "another"),
        Transport = Transport.Tcp,
        Client = TransportAddress.Parse("192.0.2.1:1000"),
        Server = TransportAddress.Parse("[2001:db8::1]:3478"),
        Relayed = TransportAddress.Parse("198.51.100.1:50000"),
        RelayedAdditional = TransportAddress.Parse("[2001:db8::2]:50001"),
    };
}
