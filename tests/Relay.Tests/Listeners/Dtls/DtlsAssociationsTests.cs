using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Dtls;
using NetDiscovery.Relay.Listeners;
using NetDiscovery.Relay.Listeners.Dtls;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Tests.Listeners.Tls;

namespace NetDiscovery.Relay.Tests.Listeners.Dtls;

[Collection(nameof(SslObjects))]
public sealed class DtlsAssociationsTests
{
    [Theory, InlineData(false), InlineData(true)]
    public void Handshake_then_messages_both_ways(bool rsa)
    {
        using var table = new DtlsTable(rsa: rsa) { Echo = true };
        using var client = new TableClient(table).Open();
        Assert.Equal("stun.turn", client.Association.ApplicationProtocol);
        foreach (var size in (int[])[1, 20, 1200, 9000, DtlsAssociation.MaxPlaintextSize])
        {
            var message = Enumerable.Range(0, size).Select(i => (byte)i).ToArray();
            client.Send(message);
            client.Run();
            Assert.Equal(message, table.Delivered[^1]);
            Assert.Equal(message, client.Received[^1]);
        }
    }

    [Fact]
    public void Several_records_in_one_datagram_are_several_messages()
    {
        using var table = new DtlsTable();
        using var client = new TableClient(table).Open();
        table.Associations.Receive(client.Address, [.. client.Protect([1, 1]), .. client.Protect([2, 2, 2]), .. client.Protect([3])]);
        Assert.Equal<byte[]>([[1, 1], [2, 2, 2], [3]], table.Delivered);
    }

    [Fact]
    public void Handshake_datagrams_stay_within_the_mtu()
    {
        using var table = new DtlsTable(rsa: true);
        using var client = new TableClient(table);
        var largest = 0;
        var outgoing = client.Outgoing();
        while (outgoing.Count > 0)
        {
            outgoing.ForEach(datagram => table.Associations.Receive(client.Address, datagram));
            outgoing = [];
            while (table.Sent.TryDequeue(out var sent))
            {
                largest = Math.Max(largest, sent.Datagram.Length);
                client.Take(sent.Datagram);
                outgoing.AddRange(client.Outgoing());
            }
        }

        Assert.Equal(DtlsState.Open, client.Association.State);
        Assert.InRange(largest, 400, DtlsAssociations.HandshakeMtu);
    }

    [Fact]
    public void First_hello_is_answered_by_a_smaller_cookie_and_leaves_no_state()
    {
        using var table = new DtlsTable();
        using var client = new TableClient(table);
        var live = DtlsAssociation.Live;
        var hello = Assert.Single(client.Outgoing());
        for (var i = 0; i < 1000; i++)
        {
            table.Associations.Receive(TransportAddress.FromIPv4((uint)(0x0A000000 + i), 5), hello);
        }

        Assert.Equal(1000, table.Sent.Count);
        Assert.All(table.Sent, sent => Assert.True(sent.Datagram.Length < ClientHello.MinSize));
        Assert.Equal(0, table.Associations.Count);
        Assert.Equal(live, DtlsAssociation.Live);
    }

    [Fact]
    public void Cookie_of_another_address_or_port_is_no_proof()
    {
        using var table = new DtlsTable();
        using var client = new TableClient(table);
        table.Associations.Receive(client.Address, Assert.Single(client.Outgoing()));
        client.Take(table.Sent.Dequeue().Datagram);
        var proving = Assert.Single(client.Outgoing());
        table.Associations.Receive(TransportAddress.FromIPv4(0x7F000002, client.Address.Port), proving);
        table.Associations.Receive(client.Address.WithPort(1), proving);
        Assert.Equal(0, table.Associations.Count);
        table.Associations.Receive(client.Address, proving);
        Assert.Equal(1, table.Associations.Count);
    }

    [Fact]
    public void Cookie_is_good_for_one_change_of_the_secret_and_not_for_two()
    {
        using var table = new DtlsTable();
        using var client = new TableClient(table);
        table.Associations.Receive(client.Address, Assert.Single(client.Outgoing()));
        client.Take(table.Sent.Dequeue().Datagram);
        var proving = Assert.Single(client.Outgoing());
        Minute();
        using var late = new TableClient(table, 41000);
        table.Associations.Receive(late.Address, Assert.Single(late.Outgoing()));
        late.Take(table.Sent.Dequeue().Datagram);
        Minute();
        table.Associations.Receive(client.Address, proving);
        Assert.Equal(0, table.Associations.Count);
        table.Sent.Clear();
        late.Run();
        Assert.Equal(DtlsState.Open, late.Association.State);

        void Minute() => table.Wheel.AdvanceTo(table.Wheel.Now + (61 * TimingWheel.TicksPerSecond));
    }

    [Fact]
    public void Garbage_makes_no_state()
    {
        using var table = new DtlsTable();
        var random = new Random(20260801);
        var live = DtlsAssociation.Live;
        using var client = new TableClient(table);
        var hello = Assert.Single(client.Outgoing());
        for (var i = 0; i < 20_000; i++)
        {
            var garbage = i % 2 == 0 ? new byte[random.Next(1, 300)] : hello[..random.Next(1, hello.Length + 1)];
            if (i % 2 == 0)
            {
                random.NextBytes(garbage);
                garbage[0] = (byte)random.Next(20, 64);
            }
            else
            {
                garbage[random.Next(garbage.Length)] ^= (byte)(1 << random.Next(8));
            }

            table.Associations.Receive(client.Address, garbage);
        }

        Assert.Equal(0, table.Associations.Count);
        Assert.Equal(live + 1, DtlsAssociation.Live);
        Assert.True(table.Associations.Counters.Strays > 10_000);
    }

    [Fact]
    public void Garbage_and_forgeries_do_not_disturb_an_open_association()
    {
        using var table = new DtlsTable { Echo = true };
        using var client = new TableClient(table).Open();
        var random = new Random(7);
        for (var i = 0; i < 5_000; i++)
        {
            var forged = i % 2 == 0 ? new byte[random.Next(1, 200)] : client.Protect([1, 2, 3, 4]);
            if (i % 2 == 0)
            {
                random.NextBytes(forged);
                forged[0] = (byte)random.Next(20, 64);
            }
            else
            {
                forged[random.Next(5, forged.Length)] ^= (byte)(1 << random.Next(8));
            }

            table.Associations.Receive(client.Address, forged);
        }

        table.Associations.Receive(client.Address, [21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40]);
        table.Delivered.Clear();
        client.Send([9, 9]);
        client.Run();
        Assert.Equal([9, 9], Assert.Single(table.Delivered));
        Assert.Empty(table.Gone);
    }

    [Fact]
    public void Forged_record_of_any_length_is_dropped_in_the_handshake_and_after()
    {
        using var table = new DtlsTable { Echo = true };
        using var client = new TableClient(table);
        Forge(epoch: 1);
        table.Associations.Receive(client.Address, Assert.Single(client.Outgoing()));
        client.Take(table.Sent.Dequeue().Datagram);
        table.Associations.Receive(client.Address, Assert.Single(client.Outgoing()));
        Forge(epoch: 1);
        client.Open();
        Forge(epoch: 0);
        Forge(epoch: 1);
        Forge(epoch: 2);
        client.Send([9, 9]);
        client.Run();
        Assert.Equal([9, 9], Assert.Single(client.Received));
        Assert.Empty(table.Gone);

        void Forge(byte epoch)
        {
            foreach (var type in (byte[])[20, 21, 22, 23, 24, 25])
            {
                for (var size = 0; size < 80; size++)
                {
                    byte[] header = [type, 254, 253, 0, epoch, 0, 0, 0, 0, 1, (byte)size, 0, (byte)size];
                    table.Associations.Receive(client.Address, [.. header, .. new byte[size]]);
                }
            }
        }
    }

    [Fact]
    public void Replayed_record_is_delivered_once()
    {
        using var table = new DtlsTable();
        using var client = new TableClient(table).Open();
        var record = client.Protect([1, 2, 3]);
        table.Associations.Receive(client.Address, record);
        table.Associations.Receive(client.Address, record);
        Assert.Single(table.Delivered);
    }

    [Fact]
    public void Lost_flight_is_sent_again()
    {
        using var table = new DtlsTable();
        using var client = new TableClient(table);
        table.Associations.Receive(client.Address, Assert.Single(client.Outgoing()));
        client.Take(table.Sent.Dequeue().Datagram);
        table.Associations.Receive(client.Address, Assert.Single(client.Outgoing()));
        Assert.NotEmpty(table.Sent);
        table.Sent.Clear();

        // OpenSSL's own clock decides: one second after the flight.
        var until = Environment.TickCount64 + 30_000;
        while (table.Sent.Count == 0 && Environment.TickCount64 < until)
        {
            table.Wheel.AdvanceTo(table.Wheel.Now + 1);
            Thread.Sleep(50);
        }

        Assert.NotEmpty(table.Sent);
        client.Run();
        Assert.Equal(DtlsState.Open, client.Association.State);
    }

    [Fact]
    public void Slow_handshake_is_cut()
    {
        using var table = new DtlsTable();
        using var client = new TableClient(table);
        table.Associations.Receive(client.Address, Assert.Single(client.Outgoing()));
        client.Take(table.Sent.Dequeue().Datagram);
        table.Associations.Receive(client.Address, Assert.Single(client.Outgoing()));
        Assert.Equal(1, table.Associations.Handshakes);
        table.Wheel.AdvanceTo(table.Wheel.Now + DtlsTable.HandshakeTicks + 1);
        Assert.Equal(0, table.Associations.Handshakes);
        Assert.Equal(0, table.Associations.Count);
        Assert.Equal(1, table.Limits.Counters.TimedOut);
        Assert.Empty(table.Gone);
    }

    [Fact]
    public void Silent_association_ends_with_close_notify_unless_it_holds_an_allocation()
    {
        using var table = new DtlsTable { Allocated = true };
        using var client = new TableClient(table).Open();
        table.Wheel.AdvanceTo(table.Wheel.Now + (5 * DtlsTable.IdleTicks));
        Assert.Empty(table.Gone);
        table.Allocated = false;
        table.Wheel.AdvanceTo(table.Wheel.Now + DtlsTable.IdleTicks + 1);
        Assert.Single(table.Gone);
        client.Run();
        Assert.Equal(DtlsState.Closed, client.Association.State);
    }

    [Fact]
    public void Close_notify_of_the_client_ends_the_association_and_is_answered()
    {
        using var table = new DtlsTable();
        using var client = new TableClient(table).Open();
        client.Association.Close();
        client.Outgoing().ForEach(datagram => table.Associations.Receive(client.Address, datagram));
        Assert.Single(table.Gone);
        Assert.Equal(0, table.Associations.Count);
        Assert.Single(table.Sent);
    }

    [Fact]
    public void Close_by_the_relay_reaches_the_client()
    {
        using var table = new DtlsTable();
        using var client = new TableClient(table).Open();
        table.Associations.CloseAll();
        client.Run();
        Assert.Equal(DtlsState.Closed, client.Association.State);
        Assert.Single(table.Gone);
    }

    [Fact]
    public void New_association_from_the_same_address_replaces_the_old_one_after_the_cookie()
    {
        using var table = new DtlsTable { Echo = true };
        using var old = new TableClient(table).Open();
        using var fresh = new TableClient(table);
        table.Associations.Receive(fresh.Address, Assert.Single(fresh.Outgoing()));
        var verify = table.Sent.Dequeue();
        old.Send([1]);
        old.Run();
        Assert.Equal([1], Assert.Single(old.Received));
        Assert.Empty(table.Gone);

        fresh.Take(verify.Datagram);
        fresh.Run();
        Assert.Single(table.Gone);
        Assert.Equal(DtlsState.Open, fresh.Association.State);
        Assert.Equal(1, table.Associations.Count);
    }

    [Fact]
    public void Limits_hold()
    {
        using var table = new DtlsTable(new ConnectionLimits(5, 3), new ConnectionLimits(4, 2));
        var clients = Enumerable.Range(0, 4).Select(i => new TableClient(table, (ushort)(40000 + i))).ToList();
        clients.ForEach(Prove);
        Assert.Equal(2, table.Associations.Handshakes);
        Assert.Equal(2, table.Limits.Counters.Refused);
        table.Wheel.AdvanceTo(table.Wheel.Now + DtlsTable.HandshakeTicks + 1);
        Assert.Equal(0, table.Associations.Count);

        var others = Enumerable.Range(0, 10).Select(i => new TableClient(table, TransportAddress.FromIPv4((uint)(0x0A000001 + i), 9))).ToList();
        others.ForEach(Prove);
        Assert.Equal(4, table.Associations.Handshakes);
        clients.Concat(others).ToList().ForEach(client => client.Dispose());

        void Prove(TableClient client)
        {
            table.Sent.Clear();
            client.Outgoing().ForEach(datagram => table.Associations.Receive(client.Address, datagram));
            client.Take(table.Sent.Dequeue().Datagram);
            client.Outgoing().ForEach(datagram => table.Associations.Receive(client.Address, datagram));
        }
    }

    [Fact]
    public void Source_limit_counts_a_whole_IPv6_56()
    {
        using var table = new DtlsTable(new ConnectionLimits(100, 2));
        using var first = new TableClient(table, TransportAddress.Parse("[2001:db8::1]:9")).Open();
        using var second = new TableClient(table, TransportAddress.Parse("[2001:db8::ffff:2]:9")).Open();
        using var third = new TableClient(table, TransportAddress.Parse("[2001:db8::3]:9"));
        third.Run();
        Assert.Equal(DtlsState.Handshaking, third.Association.State);
        using var elsewhere = new TableClient(table, TransportAddress.Parse("[2001:db8:0:100::1]:9")).Open();
        Assert.Equal(3, table.Associations.Count);
    }

    [Fact]
    public void New_certificate_serves_new_handshakes_and_old_associations_go_on()
    {
        using var table = new DtlsTable { Echo = true };
        using var old = new TableClient(table).Open();
        using var certificate = TestCertificate.Create("second");
        using var context = DtlsContext.ForServer(certificate, []);
        table.Replacement = context;
        using var fresh = new TableClient(table, 40001).Open();
        Assert.Equal(certificate.Thumbprint, fresh.Association.PeerCertificates()[0].Thumbprint);
        Assert.NotEqual(certificate.Thumbprint, old.Association.PeerCertificates()[0].Thumbprint);
        old.Send([5]);
        old.Run();
        Assert.Equal([5], Assert.Single(old.Received));
    }

    [Fact]
    public void Record_costs_no_managed_allocation()
    {
        using var table = new DtlsTable { Echo = true };
        using var client = new TableClient(table).Open();
        var records = Enumerable.Range(0, 2_000).Select(_ => client.Protect(new byte[160])).ToArray();
        table.CountOnly = true;
        foreach (var record in records.AsSpan(0, 1_000))
        {
            table.Associations.Receive(client.Address, record);
        }

        var sent = table.BytesSent;
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var record in records.AsSpan(1_000))
        {
            table.Associations.Receive(client.Address, record);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(table.BytesSent - sent > 1_000 * 160);
    }

    [Fact]
    public void Cookie_costs_no_managed_allocation()
    {
        using var table = new DtlsTable();
        using var client = new TableClient(table);
        var hello = Assert.Single(client.Outgoing());
        table.CountOnly = true;
        table.Associations.Receive(client.Address, hello);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            table.Associations.Receive(client.Address, hello);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Thousand_handshakes_leak_nothing()
    {
        using var table = new DtlsTable();
        Shake(200);
        var live = DtlsAssociation.Live;
        var resident = Resident();
        Shake(1_000);
        Assert.Equal(live, DtlsAssociation.Live);
        Assert.Equal(0, table.Associations.Count);
        // A leaked association would hold tens of KiB of native memory: 1,000 of them far more than this.
        Assert.InRange(Resident() - resident, long.MinValue, 16 * 1024 * 1024);

        void Shake(int count)
        {
            for (var i = 0; i < count; i++)
            {
                using var client = new TableClient(table, (ushort)(20000 + i)).Open();
                client.Association.Close();
                client.Run();
            }

            table.Gone.Clear();
        }

        static long Resident()
        {
            // Aggressive: what the collector keeps for later would count.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            return Environment.WorkingSet;
        }
    }
}
