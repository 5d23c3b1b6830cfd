using Microsoft.Extensions.Logging.Abstractions;
using NetDiscovery.Grains.Interfaces.Credentials;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.ControlPlane;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Tests.Fixtures;

namespace NetDiscovery.Relay.Tests.ControlPlane;

public sealed class ReportTableTests
{
    private static readonly RelayIdentity Relay = new("relay-under-test", "local", Guid.NewGuid());

    [Fact]
    public void Holds_each_report_until_it_is_removed_once()
    {
        using var allocation = new JournaledAllocation();
        var table = new ReportTable();
        var report = ReportOf(allocation.Slot, allocation.Identity);

        table.Add(report);

        Assert.Equal(1, table.Count);
        Assert.Equal([report], table.All());
        Assert.True(table.TryRemove(report));
        Assert.False(table.TryRemove(report));
        Assert.Equal(0, table.Count);
        Assert.Empty(table.All());
    }

    [Fact]
    public void Report_of_a_slot_s_next_allocation_is_not_taken_for_the_one_before()
    {
        using var allocation = new JournaledAllocation();
        var table = new ReportTable();
        var (before, next) = (ReportOf(allocation.Slot, allocation.Identity), ReportOf(allocation.Slot, allocation.Identity));
        table.Add(before);
        Assert.True(table.TryRemove(before));
        table.Add(next);

        Assert.False(table.TryRemove(before));

        Assert.Equal([next], table.All());
    }

    /// <summary>A restored allocation whose sockets can't be had ends with a report of its own.</summary>
    [Fact]
    public void A_second_report_of_a_slot_takes_the_place_of_the_first()
    {
        using var allocation = new JournaledAllocation();
        var table = new ReportTable();
        var (first, second) = (ReportOf(allocation.Slot, allocation.Identity), ReportOf(allocation.Slot, allocation.Identity));
        table.Add(first);

        table.Add(second);

        Assert.Equal(1, table.Count);
        Assert.False(table.TryRemove(first));
        Assert.True(table.TryRemove(second));
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void Grows_with_the_journal()
    {
        using var allocation = new JournaledAllocation();
        var table = new ReportTable();
        var reports = Enumerable.Range(0, 3 * AllocationJournal.SlotsPerSegment).Select(_ => ReportOf(allocation.TakeAnother(), allocation.Identity)).ToList();

        reports.ForEach(table.Add);

        Assert.Equal(reports.Count, table.Count);
        Assert.Equal(reports.ToHashSet(), table.All().ToHashSet());
    }

    [Fact]
    public void Opening_is_the_same_whether_the_claims_were_read_before_or_not()
    {
        using var allocation = new JournaledAllocation();
        Assert.True(TurnCredential.TryDecode(allocation.Identity.Claims, out var claims));

        var known = ReportOf(allocation.Slot, allocation.Identity, claims).MakeOpened(Relay);
        var read = ReportOf(allocation.Slot, allocation.Identity).MakeOpened(Relay);

        Assert.Equal(read with { RelayedTransportAddresses = [] }, known with { RelayedTransportAddresses = [] });
        Assert.Equal(read.RelayedTransportAddresses, known.RelayedTransportAddresses);
    }

    private static AllocationReport ReportOf(JournalSlot slot, SlotIdentity identity, CredentialClaims? claims = null) => new(
        slot, identity, claims,
        new EventShard(0, new FakeCluster(), Relay, new ControlPlanePacing(), TimeProvider.System, NullLogger.Instance) { Confirmed = _ => { } });
}
