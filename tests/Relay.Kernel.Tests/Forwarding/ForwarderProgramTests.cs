using System.Buffers.Binary;
using NetDiscovery.Relay.Kernel.Bpf;
using NetDiscovery.Relay.Kernel.Forwarding;
using NetDiscovery.Relay.Kernel.Tests.Fixtures;

namespace NetDiscovery.Relay.Kernel.Tests.Forwarding;

/// <summary>The program on single frames, run by the kernel itself.</summary>
public sealed unsafe class ForwarderProgramTests
{
    public static TheoryData<string, bool> Variants => new() { { "Xdp", false }, { "Xdp", true }, { "Tc", false }, { "Tc", true } };

    private static readonly int[] Sizes = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 63, 64, 65, 160, 255, 256, 512, 999, 1200];

    [Theory, MemberData(nameof(Variants))]
    public void Channel_data_reaches_the_peer_byte_for_byte_with_checksums_that_hold(string hook, bool ipv6)
    {
        using var test = Start(hook, ipv6);
        var expected = new long[FlowCounts.Totals];
        foreach (var size in Sizes.Append(ProgramUnderTest.Mtu - test.IpSize - 8))
        {
            for (var padding = 0; padding < 4; padding++)
            {
                var data = Data(size, padding);
                var (source, target, payload, hops, trafficClass) = Datagram.Read(test.Send(test.FromClient(ProgramUnderTest.Framed(data, padding), hops: 9, trafficClass: 0xB9)));
                Assert.Equal(test.Addresses.Relayed, source);
                Assert.Equal(test.Addresses.Peer, target);
                Assert.Equal(data, payload);
                Assert.Equal((8, 0xB9), (hops, trafficClass));
                Count(expected, 0, size + 4 + padding, 2, size);
            }
        }

        Assert.Equal(expected, test.Totals());
    }

    [Theory, MemberData(nameof(Variants))]
    public void Peer_data_reaches_the_client_as_channel_data_with_checksums_that_hold(string hook, bool ipv6)
    {
        using var test = Start(hook, ipv6);
        var expected = new long[FlowCounts.Totals];
        foreach (var size in Sizes.Append(ProgramUnderTest.Mtu - test.IpSize - 12))
        {
            var data = Data(size, 1);
            var (source, target, payload, hops, trafficClass) = Datagram.Read(test.Send(test.FromPeer(data, hops: 9, trafficClass: 0xB9)));
            Assert.Equal(test.Addresses.Server, source);
            Assert.Equal(test.Addresses.Client, target);
            Assert.Equal(ProgramUnderTest.Framed(data), payload);
            Assert.Equal((8, 0xB9), (hops, trafficClass));
            Count(expected, 3, size, 1, size + 4);
        }

        Assert.Equal(expected, test.Totals());
    }

    [Theory, MemberData(nameof(Variants))]
    public void Frames_carry_the_neighbours_address_and_the_interfaces(string hook, bool ipv6)
    {
        using var test = Start(hook, ipv6);
        foreach (var frame in (byte[][])[test.Send(test.FromPeer([1])), test.Send(test.FromClient(ProgramUnderTest.Framed([1])))])
        {
            Assert.Equal([2, 0, 0, 0, 0, 6], frame[..6]);
            Assert.Equal([2, 0, 0, 0, 0, 5], frame[6..12]);
        }
    }

    // Every bit pattern of data and every place of a carry: 0xFFFF and 0 are one number to the sum and two on the wire.
    [Theory, MemberData(nameof(Variants))]
    public void Checksums_hold_for_any_data(string hook, bool ipv6)
    {
        using var test = Start(hook, ipv6);
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 3_000; i++)
        {
            var data = new byte[random.Next(0, 90)];
            random.NextBytes(data);
            if (i % 3 == 0)
            {
                Array.Fill(data, (byte)(i % 2 == 0 ? 0xFF : 0));
            }

            Check(test.FromClient(ProgramUnderTest.Framed(data, random.Next(4))), data);
            Check(test.FromPeer(data), ProgramUnderTest.Framed(data));
        }

        void Check(byte[] frame, byte[] expected)
        {
            var (verdict, output) = test.Run(frame);
            if (verdict == uint.MaxValue && Datagram.LooksPartial(frame))
            {
                return; // one in 65,536 complete checksums looks like one that was left to the network card
            }

            Assert.True(Datagram.Read(output).Payload.AsSpan().SequenceEqual(expected), $"seed {seed}: {Convert.ToHexString(frame)} was answered with {verdict}");
        }
    }

    [Theory, MemberData(nameof(Variants))]
    public void A_wrong_checksum_stays_wrong(string hook, bool ipv6)
    {
        using var test = Start(hook, ipv6);
        var frame = test.FromClient(ProgramUnderTest.Framed(Data(100, 0)));
        frame[^10] ^= 0x40;
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Datagram.Read(test.Send(frame)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Checksum_left_to_the_network_card_is_computed_by_xdp_and_left_to_the_process_by_tc(bool ipv6)
    {
        foreach (var size in Sizes)
        {
            using var xdp = Start("Xdp", ipv6);
            foreach (var frame in (byte[][])[xdp.FromClient(ProgramUnderTest.Framed(Data(size, 0), size % 4)), xdp.FromPeer(Data(size, 0))])
            {
                Datagram.SetPartialChecksum(frame);
                Datagram.Read(xdp.Send(frame));
                using var tc = Start("Tc", ipv6);
                tc.Leave(frame, "checksum left to the network card");
            }
        }
    }

    [Theory, MemberData(nameof(Variants))]
    public void What_is_not_as_expected_goes_to_the_process_untouched(string hook, bool ipv6)
    {
        using var test = Start(hook, ipv6);
        var data = ProgramUnderTest.Framed(Data(50, 0));
        var udp = 14 + test.IpSize;
        Each("another ether type", f => f[13] ^= 1);
        Each("no hops left", f => f[ipv6 ? 21 : 22] = 1, fix: !ipv6);
        Each("another protocol", f => f[ipv6 ? 20 : 23] = 6, fix: !ipv6);
        Each("no checksum", f => f.AsSpan(udp + 6, 2).Clear());
        Each("UDP length too long", f => f[udp + 5]++);
        Each("UDP length too short", f => f[udp + 5]--);
        Each("another source port", f => f[udp]++);
        Each("another target port", f => f[udp + 2]++);
        Each("another source address", f => f[ipv6 ? 37 : 29]++, fix: !ipv6);
        Each("another target address", f => f[ipv6 ? 53 : 33]++, fix: !ipv6);
        if (!ipv6)
        {
            Each("IP options", f => f[14] = 0x46);
            Each("more fragments", f => f[20] |= 0x20, fix: true);
            Each("a later fragment", f => f[21] = 1, fix: true);
            Each("reserved flag", f => f[20] |= 0x80, fix: true);
            Each("a damaged IP header", f => f[15]++);
            Each("IP length shorter", f => f[17]--, fix: true);
        }
        else
        {
            Each("IP length shorter", f => f[19]--);
            Each("not version 6", f => f[14] = 0x50);
        }

        var client = test.FromClient(data);
        for (var length = hook == "Tc" ? 14 + test.IpSize : 14; length < client.Length; length++)
        {
            test.Leave(client[..length], $"cut to {length}");
        }

        test.Leave(test.FromClient(data.AsSpan(0, 3)), "shorter than a header");
        test.Leave(test.FromClient(data.AsSpan(0, 20)), "less data than it says");
        test.Leave(test.FromClient([.. data, 0, 0, 0, 0]), "more behind than padding");
        test.Leave(test.FromClient(ProgramUnderTest.Framed([1], channel: 0x4001)), "a channel not bound");
        test.Leave(test.FromClient([0, 1, 0, 0, .. new byte[16]]), "a STUN request");

        void Each(string why, Action<byte[]> change, bool fix = false)
        {
            foreach (var frame in (byte[][])[test.FromClient(data), test.FromPeer(data)])
            {
                change(frame);
                if (fix)
                {
                    frame.AsSpan(24, 2).Clear();
                    uint sum = 0;
                    for (var i = 14; i < 34; i += 2)
                    {
                        sum += BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(i));
                    }

                    BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(24), (ushort)~((sum >> 16) + (sum & 0xFFFF)));
                }

                test.Leave(frame, why);
            }
        }
    }

    [Theory, MemberData(nameof(Variants))]
    public void Lanes_that_are_not_open_leave_everything_to_the_process(string hook, bool ipv6)
    {
        using var test = Start(hook, ipv6);
        byte[][] frames = [test.FromClient(ProgramUnderTest.Framed(Data(1400, 0))), test.FromPeer(Data(1400, 0))];
        LaneLayout*[] lanes = [&test.Flow->ToPeer, &test.Flow->ToClient];
        for (var i = 0; i < 2; i++)
        {
            var lane = lanes[i];
            var frame = frames[i];
            test.Send(frame);
            var now = Forwarder.MonotonicNanoseconds();
            (lane->ExpiresAt, var expires) = (now, lane->ExpiresAt);
            test.Leave(frame, "expired");
            lane->ExpiresAt = expires;

            lane->ArrivesOn = 7;
            test.Leave(frame, "another interface");
            lane->ArrivesOn = 1;

            (test.Hop->Neighbour, var neighbour) = (6, test.Hop->Neighbour);
            test.Leave(frame, "neighbour not known");
            test.Hop->Neighbour = neighbour;

            test.Hop->Mtu = test.IpSize + 8 + 1400 - 1 + (4 * i);
            test.Leave(frame, "longer than the path takes");
            test.Hop->Mtu++;
            test.Send(frame);

            lane->Counts[0] += 1UL << 63;
            test.Leave(frame, "too much not settled");
            lane->Settled[0] = lane->Counts[0];
            test.Send(frame);

            lane->Key[0]++;
            test.Leave(frame, "a key that now means another flow");
            lane->Key[0]--;
            test.Send(frame);
            test.Hop->Mtu = ProgramUnderTest.Mtu;
        }
    }

    [Theory, MemberData(nameof(Variants))]
    public void One_datagram_in_a_while_visits_the_process(string hook, bool ipv6)
    {
        using var test = Start(hook, ipv6, TimeSpan.FromHours(1));
        var frame = test.FromPeer(Data(10, 0));
        test.Flow->ToClient.VisitAt = 1;
        test.Leave(frame, "time for a visit");
        test.Send(frame);
        Assert.InRange(test.Flow->ToClient.VisitAt - Forwarder.MonotonicNanoseconds(), 3_590_000_000_000UL, 3_600_000_000_000UL);
    }

    [Theory, MemberData(nameof(Variants))]
    public void Nothing_goes_and_nothing_counts_once_a_flow_is_closed(string hook, bool ipv6)
    {
        using var test = Start(hook, ipv6);
        test.Send(test.FromPeer([1, 2, 3]));
        FlowSettlement.Close(test.Flow);
        test.Leave(test.FromPeer([1]), "closed");
        for (var padding = 0; padding < 4; padding++)
        {
            test.Leave(test.FromClient(ProgramUnderTest.Framed([1], padding)), "closed");
        }

        Assert.Equal([0, 7, 0, 3, 0, 1, 0, 1], test.Totals());
    }

    // The verifier gives up at a million; long before that it takes seconds.
    [Theory, MemberData(nameof(Variants))]
    public void The_verifier_is_done_soon(string hook, bool ipv6)
    {
        using var test = Start(hook, ipv6);
        var words = test.Statistics.Split([' ', '\n']);
        Assert.True(int.Parse(words[Array.IndexOf(words, "processed") + 1], System.Globalization.CultureInfo.InvariantCulture) < 150_000, test.Statistics);
    }

    private static ProgramUnderTest Start(string hook, bool ipv6, TimeSpan? visitEvery = null)
    {
        Surroundings.Need();
        return new ProgramUnderTest(Enum.Parse<Hook>(hook), ipv6, visitEvery);
    }

    private static byte[] Data(int size, int salt) => [.. Enumerable.Range(0, size).Select(i => (byte)((i * 7) + salt + (i >> 8)))];

    private static void Count(long[] totals, int from, long bytesFrom, int to, long bytesTo)
    {
        totals[from] += bytesFrom;
        totals[to] += bytesTo;
        totals[4 + from]++;
        totals[4 + to]++;
    }
}
