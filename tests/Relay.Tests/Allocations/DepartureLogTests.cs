using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using NetDiscovery.Relay.Allocations.Journal;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Listeners.Linux;
using TransportAddress = NetDiscovery.Relay.Protocol.TransportAddress;

namespace NetDiscovery.Relay.Tests.Allocations;

/// <summary>What a process leaves behind that ends between the handling of a datagram and its counting; sockets and kernel are real.</summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class DepartureLogTests : IDisposable
{
    private readonly byte* memory = (byte*)NativeMemory.AllocZeroed(DepartureLog.Size);
    private readonly SlotLayout* slots = (SlotLayout*)NativeMemory.AllocZeroed(2, SlotLayout.Size);
    private readonly BatchedDatagramPath path = new(new Lock(), _ => { }, realtime: false);
    private readonly BatchedDatagramSocket socket;
    private readonly Socket peer = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 };
    private readonly JournalSlot[] owners;

    public DepartureLogTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "batched system calls are Linux'");
        socket = (BatchedDatagramSocket)path.TryOpen(TransportAddress.Parse("127.0.0.1:0"), PortSharing.None, 1 << 20, new Sink(), out _)!;
        peer.Bind(TransportAddress.Parse("127.0.0.1:0").ToIPEndPoint());
        for (var i = 0; i < 2; i++)
        {
            slots[i].Identity[8] = (byte)(i + 1);
        }

        owners = [new JournalSlot(slots, 0, null!), new JournalSlot(slots + 1, 1, null!)];
        path.Log = new DepartureLog(memory);
    }

    private TransportAddress Peer => TransportAddress.From((System.Net.IPEndPoint)peer.LocalEndPoint!);

    public void Dispose()
    {
        socket.Dispose();
        path.Dispose();
        peer.Dispose();
        NativeMemory.Free(memory);
        NativeMemory.Free(slots);
    }

    [Fact]
    public void What_was_handled_and_not_sent_is_not_counted()
    {
        Put(owners[0], bytes: 100);

        Assert.Equal(0, Resolve());
        Assert.Equal(default, Counts(0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void What_was_sent_and_not_counted_is_counted_once_by_the_successor(int datagrams)
    {
        // Of different sizes: those of one size leave as one.
        for (var i = 0; i < datagrams; i++)
        {
            Put(owners[0], bytes: 100 + (i % 3 == 0 ? 0 : i));
        }

        path.Departures.Flush(socket);

        Assert.Equal(datagrams, Resolve());
        Assert.Equal(0, Resolve());
        var received = Enumerable.Range(0, datagrams).Sum(_ => peer.Receive(new byte[2_000]));
        Assert.Equal((received, datagrams), Counts(0));
    }

    [Fact]
    public void Of_a_batch_that_is_cut_off_between_two_sockets_only_the_first_ones_datagrams_are_counted()
    {
        using var second = (BatchedDatagramSocket)path.TryOpen(TransportAddress.Parse("127.0.0.1:0"), PortSharing.None, 1 << 20, new Sink(), out _)!;
        Put(owners[0], bytes: 100);
        path.Log!.Expect(owners[1], Counted.ToPeer, 40, 30);
        path.Departures.Add(second, new byte[30], Peer);
        path.Departures.Flush(socket);

        Assert.Equal(2, Resolve());
        Assert.Equal((100, 1), Counts(0));
        Assert.Equal(default, Counts(1));

        // Both had been received.
        Assert.Equal(40, owners[1].Counters.BytesFromClient);
    }

    [Fact]
    public void What_the_kernel_refused_is_not_counted()
    {
        Put(owners[0], bytes: 100);
        path.Log!.Expect(owners[0], Counted.ToPeer, 44, 40);
        path.Departures.Add(socket, new byte[40], TransportAddress.Parse("255.255.255.255:9"));
        path.Departures.Flush(socket);

        Resolve();
        Assert.Equal((100, 1), Counts(0));
    }

    [Fact]
    public void Totals_that_were_written_down_are_written_again_and_not_added_again()
    {
        Put(owners[0], bytes: 100);
        Put(owners[1], bytes: 60);
        path.Departures.Flush(socket);
        path.Log!.Settle(2);

        // The moment after the totals were written down, with one slot reached and the other not.
        *(ulong*)memory = (2UL << 32) | 2;
        slots[1].Counters = default;

        Resolve();
        Assert.Equal((100, 1), Counts(0));
        Assert.Equal((60, 1), Counts(1));
        Resolve();
        Assert.Equal((60, 1), Counts(1));
    }

    [Fact]
    public void A_slot_that_another_allocation_has_now_is_left_alone()
    {
        Put(owners[0], bytes: 100);
        path.Departures.Flush(socket);
        slots[0].Identity[8] = 9;

        Assert.Equal(0, Resolve());
        Assert.Equal(default, Counts(0));
    }

    [Fact]
    public void A_settled_batch_is_counted_and_leaves_nothing_behind()
    {
        Put(owners[0], bytes: 100);
        path.Log!.Expect(owners[1], Counted.Response, 28, 80);
        path.Departures.Add(socket, new byte[80], Peer);
        Assert.Equal(1, owners[1].Unsettled);
        path.Settle();

        Assert.Equal(0, owners[1].Unsettled);
        Assert.Equal((100, 1), Counts(0));
        Assert.Equal((28L, 1L, 80L, 1L), (owners[1].Counters.BytesFromClient, owners[1].Counters.PacketsFromClient, owners[1].Counters.BytesToClient, owners[1].Counters.PacketsToClient));
        Assert.Equal(0, Resolve());
        Assert.Equal((100, 1), Counts(0));
    }

    private void Put(JournalSlot slot, int bytes)
    {
        path.Log!.Expect(slot, Counted.ToPeer, bytes + 4, bytes);
        path.Departures.Add(socket, new byte[bytes], Peer);
    }

    private int Resolve() => DepartureLog.Resolve(memory, (index, guard) =>
    {
        var slot = new JournalSlot(slots + index, index, null!);
        return slot.Guard == guard ? slot : null;
    });

    private (int Bytes, int Packets) Counts(int slot) => ((int)slots[slot].Counters.BytesToPeer, (int)slots[slot].Counters.PacketsToPeer);

    private sealed class Sink : NetDiscovery.Relay.Listeners.IDatagramSink
    {
        public void OnDatagram(Span<byte> buffer, int length, in TransportAddress from)
        {
            // Nobody sends to it.
        }
    }
}
