using NetDiscovery.Relay.Kernel.Bpf;
using NetDiscovery.Relay.Kernel.Ebpf;
using static NetDiscovery.Relay.Kernel.Ebpf.Condition;
using static NetDiscovery.Relay.Kernel.Ebpf.Register;

namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>
/// Writes the forwarding program: take a datagram apart, find its flow, make sure that everything about it is as expected, rewrite it, count it,
/// send it on. Whatever is not as expected goes to the process untouched, so the program never has to be right about an unusual packet.
/// </summary>
internal sealed class ForwarderProgram : ProgramPart
{
    private readonly HeaderReader headers;
    private readonly DataReader data;
    private readonly LaneFinder lanes;
    private readonly ChecksumSummer checksums;
    private readonly FrameSender sender;
    private readonly ushort port;
    private readonly TimeSpan visitEvery;

    private ForwarderProgram(ProgramContext context, ushort port, TimeSpan visitEvery)
        : base(context)
    {
        headers = new HeaderReader(context);
        data = new DataReader(context);
        lanes = new LaneFinder(context);
        checksums = new ChecksumSummer(context);
        sender = new FrameSender(context);
        this.port = port;
        this.visitEvery = visitEvery;
    }

    /// <summary>Writes the program.</summary>
    /// <param name="hook">Where it will run.</param>
    /// <param name="maps">Its maps.</param>
    /// <param name="port">The UDP port clients send to.</param>
    /// <param name="visitEvery">How often a datagram of each lane takes the way through the process, which keeps neighbours and firewall states of this machine alive.</param>
    public static Instruction[] Build(Hook hook, ForwarderMaps maps, ushort port, TimeSpan visitEvery) => new ForwarderProgram(new ProgramContext(hook, maps), port, visitEvery).Build();

    private Instruction[] Build()
    {
        var six = new Label();
        code.Move(R6, R1);
        headers.ReadPointers(IpHeader.V4.Size);
        code.Load(Width.Half, R4, R2, 12);
        code.JumpIf(Equal, R4, IpHeader.V6.EtherType, six);
        code.JumpIf(NotEqual, R4, IpHeader.V4.EtherType, pass);
        headers.TakeApart4();
        Split(IpHeader.V4);
        code.Mark(six);
        CheckRoom(IpHeader.V6.Size + Udp, pass);
        headers.TakeApart6();
        Split(IpHeader.V6);

        code.Mark(pass);
        code.Move(R0, Layout.Pass);
        code.Exit();
        code.Mark(drop);
        code.Move(R0, Layout.Drop);
        code.Exit();
        return code.Build();
    }

    // Clients are told from peers by the port they send to: relayed ports and the listeners' never meet.
    private void Split(IpHeader ip)
    {
        var toPeer = new Label();
        code.Load(Width.Half, R4, R2, Ethernet + ip.Size + 2);
        code.JumpIf(Equal, R4, (ushort)System.Net.IPAddress.HostToNetworkOrder((short)port), toPeer);
        Forward(ip, toPeer: false);
        code.Mark(toPeer);
        Forward(ip, toPeer: true);
    }

    private void Forward(IpHeader ip, bool toPeer)
    {
        data.ReadData(ip, toPeer);
        lanes.FindLane(ip, toPeer);
        lanes.CheckLane(ip, toPeer, visitEvery);
        checksums.JudgeChecksum();
        checksums.SumChecksum(toPeer);
        if (!ip.IsV6)
        {
            // Not "don't fragment" (RFC 8656 §12.6), so it needs an identification.
            code.Call(Helper.Random);
            code.Store(Width.Double, Frame, AtIdentification, R0);
        }

        if (IsTc)
        {
            sender.SendFromTc(ip, toPeer);
        }
        else
        {
            sender.SendFromXdp(ip, toPeer);
        }
    }
}
