using NetDiscovery.Relay.Kernel.Bpf;
using NetDiscovery.Relay.Kernel.Forwarding;
using NetDiscovery.Relay.Kernel.Forwarding.Program;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Kernel.Tests.Fixtures;

/// <summary>The forwarding program with one flow, run by the kernel on frames of ours: no network, no clock to wait for.</summary>
internal sealed unsafe class ProgramUnderTest : IDisposable
{
    public const ushort Port = 3478, Channel = 0x4ABC;
    public const int Mtu = 1500;
    private const int Loopback = 1; // where test runs seem to arrive

    private readonly BpfMap keys4 = BpfMap.CreateHash("keys4", KeyV4.Size, 4, 16);
    private readonly BpfMap keys6 = BpfMap.CreateHash("keys6", KeyV6.Size, 4, 16);
    private readonly MappedArray flows = new(BpfMap.CreateArray("flows", FlowLayout.Size, 16));
    private readonly MappedArray hops = new(BpfMap.CreateArray("hops", HopLayout.Size, 16));
    private readonly BpfProgram program;

    public ProgramUnderTest(Hook hook, bool ipv6, TimeSpan? visitEvery = null)
    {
        Hook = hook;
        var prefix = ipv6 ? "2001:db8::" : "192.0.2.";
        TransportAddress At(int host, int port) => TransportAddress.Parse(ipv6 ? $"[{prefix}{host}]:{port}" : $"{prefix}{host}:{port}");
        Addresses = new FlowAddresses(At(10, 40_000), At(1, Port), At(1, 50_001), At(77, 6_000), Channel);
        program = BpfProgram.Load(hook, "forward", ForwarderProgram.Build(hook, new ForwarderMaps(keys4.Handle, keys6.Handle, flows.Map.Handle, hops.Map.Handle), Port, visitEvery ?? TimeSpan.FromSeconds(10)));
        *Flow = default;
        LaneWriter.Write(&Flow->ToPeer, Addresses, toPeer: true);
        LaneWriter.Write(&Flow->ToClient, Addresses, toPeer: false);
        foreach (var lane in (LaneLayout*[])[&Flow->ToPeer, &Flow->ToClient])
        {
            lane->ExpiresAt = ulong.MaxValue / 2;
            lane->VisitAt = ulong.MaxValue / 2;
            lane->ArrivesOn = Loopback;
            lane->Hop = 3;
            Assert.True(ipv6 ? keys6.TryPut(*(KeyV6*)lane->Key, Number) : keys4.TryPut(*(KeyV4*)lane->Key, Number));
        }

        Hop->Neighbour = 0x8000_0600_0000_0002; // 02:00:00:00:00:06
        Hop->OwnFirst[0] = 2;
        Hop->OwnRest[3] = 5;
        Hop->Interface = Loopback;
        Hop->Mtu = Mtu;
    }

    public Hook Hook { get; }

    public FlowAddresses Addresses { get; }

    public FlowLayout* Flow => (FlowLayout*)flows.At(Number);

    public HopLayout* Hop => (HopLayout*)hops.At(3);

    public string Statistics => program.Statistics;

    public int IpSize => Addresses.Client.AddressSize == 4 ? 20 : 40;

    private const int Number = 5;

    private uint Pass => Hook == Hook.Xdp ? 2u : uint.MaxValue;

    private uint Sent => Hook == Hook.Xdp ? 3u : 7u;

    public byte[] FromClient(ReadOnlySpan<byte> payload, byte hops = 64, byte trafficClass = 0) => Datagram.Make(Addresses.Client, Addresses.Server, payload, hops, trafficClass);

    public byte[] FromPeer(ReadOnlySpan<byte> payload, byte hops = 64, byte trafficClass = 0) => Datagram.Make(Addresses.Peer, Addresses.Relayed, payload, hops, trafficClass);

    /// <summary>ChannelData with as much padding.</summary>
    public static byte[] Framed(ReadOnlySpan<byte> data, int padding = 0, ushort channel = Channel) =>
        [(byte)(channel >> 8), (byte)channel, (byte)(data.Length >> 8), (byte)data.Length, .. data, .. Enumerable.Range(0, padding).Select(i => (byte)(0xE1 + i))];

    /// <summary>Expects the frame to be sent on.</summary>
    public byte[] Send(byte[] frame)
    {
        var (verdict, output) = program.Run(frame);
        Assert.Equal(Sent, verdict);
        return output;
    }

    /// <summary>Expects the frame to go to the process as it came, uncounted.</summary>
    public void Leave(byte[] frame, string why)
    {
        var before = Totals();
        var (verdict, output) = program.Run(frame);
        Assert.True(verdict == Pass, $"{why}: the program answered {verdict}");
        Assert.True(frame.AsSpan().SequenceEqual(output), $"{why}: the frame was changed");
        Assert.Equal(before, Totals());
    }

    /// <summary>The kernel's verdict, whatever it is.</summary>
    public (uint Verdict, byte[] Frame) Run(byte[] frame) => program.Run(frame);

    /// <summary>What an owner whose totals were 0 would have now.</summary>
    public long[] Totals()
    {
        var totals = new long[FlowCounts.Totals];
        var copy = *Flow;
        FlowSettlement.Settle(&copy, totals);
        return totals;
    }

    public void Dispose()
    {
        program.Dispose();
        flows.Dispose();
        hops.Dispose();
        keys4.Dispose();
        keys6.Dispose();
    }
}
