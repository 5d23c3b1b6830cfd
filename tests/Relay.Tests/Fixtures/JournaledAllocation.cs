using System.Text;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Relay.Allocations.Journal;
using TransportAddress = NetDiscovery.Relay.Protocol.TransportAddress;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>An allocation that is nothing but a slot in a journal of its own.</summary>
internal sealed class JournaledAllocation : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("journaled-").FullName;
    private readonly AllocationJournal journal;

    public JournaledAllocation()
    {
        var now = TimeProvider.System.GetUtcNow();
        var username = Encoding.ASCII.GetBytes(new TestTenant().Mint(now).Username);
        Identity = new SlotIdentity
        {
            Allocation = new AllocationId(Guid.CreateVersion7()),
            Incarnation = Guid.NewGuid(),
            OpenedAt = now,
            Claims = username,
            Username = username,
            Transport = Transport.Udp,
            Client = TransportAddress.Parse("192.0.2.1:1000"),
            Server = TransportAddress.Parse("192.0.2.2:3478"),
            Relayed = TransportAddress.Parse("198.51.100.1:50000"),
        };
        journal = AllocationJournal.Open(folder, "r", 8, TimeProvider.System);
        Slot = journal.TryAcquire(Identity, now.AddMinutes(10))!;
    }

    public SlotIdentity Identity { get; }

    public JournalSlot Slot { get; }

    /// <summary>A slot of the same journal with another allocation.</summary>
    public JournalSlot TakeAnother() => journal.TryAcquire(Identity with { Allocation = new AllocationId(Guid.CreateVersion7()) }, TimeProvider.System.GetUtcNow().AddMinutes(10))!;

    public void Dispose()
    {
        journal.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
