using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
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
    private const string ChildVariable = "RELAY_TESTS_JOURNAL_CHILD";
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
        using var journal = AllocationJournal.Open(folder, "r", 16);
        var slot = Assert.Single(journal.Earlier);
        Assert.Equal(SlotState.Live, slot.State);
        var identity = SlotIdentity.TryRead(slot.Identity)!;
        Assert.Equal("user", Encoding.ASCII.GetString(identity.Claims));
        Assert.InRange(slot.Counters.BytesToPeer, promised, long.MaxValue);
        Assert.InRange(slot.Counters.BytesToPeer - slot.Counters.PacketsToPeer, 0, 1);
        Assert.NotNull(journal.EarlierAliveAt);
    }

    [Fact]
    public void Identity_comes_back_as_it_was_written()
    {
        var written = Identity();
        JournalSlot slot;
        using (var journal = AllocationJournal.Open(folder, "r", 16))
        {
            slot = journal.TryAcquire(written, Now.AddMinutes(10))!;
            slot.Sequence = 7;
            slot.Counters.BytesFromPeer = 99;
            slot.Close(AllocationCloseReason.Cut, Now.AddMinutes(1));
            slot.ClosedSequence = 8;
        }

        using var again = AllocationJournal.Open(folder, "r", 16);
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
        using var journal = AllocationJournal.Open(folder, "r", 1);
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
        using var journal = AllocationJournal.Open(folder, "r", 8);
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
        using var journal = AllocationJournal.Open(folder, "r", 8);
        var refusal = Assert.Throws<StartupException>(() => AllocationJournal.Open(folder, "r", 8));
        Assert.Contains("in use", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Relay:Id", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "not a journal")]        // magic
    [InlineData(8, "format")]               // version
    [InlineData(21, "belongs to relay")]    // relay id
    [InlineData(4096 + 128, "damaged")]     // a live slot's identity
    [InlineData(4096 + 1, "damaged")]       // a live slot's state
    public void Damaged_journal_is_refused_and_left_as_it_is(int at, string says)
    {
        using (var journal = AllocationJournal.Open(folder, "r", 8))
        {
            Assert.Equal(0, journal.TryAcquire(Identity(), Now)!.Index);
        }

        var path = Path.Combine(folder, "journal-r.bin");
        var bytes = File.ReadAllBytes(path);
        bytes[at] ^= 0xFF;
        File.WriteAllBytes(path, bytes);
        var refusal = Assert.Throws<StartupException>(() => AllocationJournal.Open(folder, "r", 8));
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public void File_that_was_growing_when_the_process_died_is_completed()
    {
        using (var journal = AllocationJournal.Open(folder, "r", 8))
        {
            journal.TryAcquire(Identity(), Now);
        }

        using (var file = File.Open(Path.Combine(folder, "journal-r.bin"), FileMode.Append))
        {
            file.Write(new byte[5000]);
        }

        using var again = AllocationJournal.Open(folder, "r", 8);
        Assert.Single(again.Earlier);
    }

    [Fact]
    public void Folder_that_cannot_be_made_is_named()
    {
        var file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");
        Assert.Contains("Relay:DataPath", Assert.Throws<StartupException>(() => AllocationJournal.Open(Path.Combine(file, "sub"), "r", 8)).Message, StringComparison.Ordinal);
    }

    [ModuleInitializer]
    internal static void BecomeTheWriter()
    {
        if (Environment.GetEnvironmentVariable(ChildVariable) is not { } folder)
        {
            return;
        }

        var journal = AllocationJournal.Open(folder, "r", 16);
        journal.MarkAlive(Now);
        var slot = journal.TryAcquire(Identity("user"), Now)!;
        for (long i = 1; ; i++)
        {
            // Two plain stores: a kill between them leaves them one apart.
            slot.Counters.BytesToPeer = i;
            slot.Counters.PacketsToPeer = i;
            if (i % 1_000 == 0)
            {
                Console.WriteLine(i.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    private static SlotIdentity Identity(string user = "claims") => new()
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
