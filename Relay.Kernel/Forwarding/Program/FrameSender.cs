using NetDiscovery.Relay.Kernel.Ebpf;
using static NetDiscovery.Relay.Kernel.Ebpf.Condition;
using static NetDiscovery.Relay.Kernel.Ebpf.Register;

namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>Makes the frame longer or shorter, counts it, writes it and sends it.</summary>
internal sealed class FrameSender(ProgramContext context) : ProgramPart(context)
{
    private readonly HeaderWriter headers = new(context);
    private readonly ChecksumSummer checksums = new(context);

    public void SendFromXdp(IpHeader ip, bool toPeer)
    {
        code.Move(R1, R6);
        code.Move(R2, toPeer ? ChannelHeader : -ChannelHeader);
        code.Call(Helper.AdjustHead);
        code.JumpIf(NotEqual, R0, 0, pass);
        Count();
        LoadPointers();
        CheckRoom(ip.Size + Udp + (toPeer ? 0 : ChannelHeader), drop);
        headers.WriteEthernet(ip, R2, 0);
        headers.WriteHeaders(ip, toPeer, R2, Ethernet);
        checksums.SumWhole(ip);

        var otherInterface = new Label();
        code.Load(Width.Word, R1, R8, 16);
        code.Load(Width.Word, R4, R6, Layout.Interface);
        code.JumpIf(NotEqual, R1, R4, otherInterface);
        code.Move(R0, ContextLayout.XdpTransmit);
        code.Exit();
        code.Mark(otherInterface);
        code.Move(R2, 0);
        code.Call(Helper.Redirect);
        code.Exit();
    }

    public void SendFromTc(IpHeader ip, bool toPeer)
    {
        const int BehindMac = 1, KeepChecksumOfWhole = 1;
        code.Move(R1, R6);
        code.Move(R2, toPeer ? -ChannelHeader : ChannelHeader);
        code.Move(R3, BehindMac);
        code.Move(R4, 0);
        code.Call(Helper.AdjustRoom);
        code.JumpIf(NotEqual, R0, 0, pass);
        Count();
        headers.WriteEthernet(ip, Frame, AtEthernet);
        headers.WriteHeaders(ip, toPeer, Frame, AtHeaders);
        StoreBytes(0, AtEthernet, Ethernet, 0);
        StoreBytes(Ethernet, AtHeaders, ip.Size + Udp + (toPeer ? 0 : ChannelHeader), KeepChecksumOfWhole);
        code.Load(Width.Word, R1, R8, 16);
        code.Move(R2, 0);
        code.Call(Helper.Redirect);
        code.Exit();
    }

    private void StoreBytes(int to, int from, int size, int flags)
    {
        code.Move(R1, R6);
        code.Move(R2, to);
        code.Move(R3, Frame);
        code.AddTo(R3, from);
        code.Move(R4, size);
        code.Move(R5, flags);
        code.Call(Helper.StoreBytes);
        code.JumpIf(NotEqual, R0, 0, drop);
    }

    // Counted and allowed in one step: from the moment the word says "closed", nothing goes and nothing is counted.
    private void Count()
    {
        code.Load(Width.Double, R1, Frame, AtWord);
        code.Load(Width.Double, R2, Frame, AtData);
        code.ShiftLeft(R2, FlowCounts.BytesShift);
        code.Move64(R4, 1UL << FlowCounts.DatagramsShift);
        code.AddTo(R2, R4);
        code.FetchAdd(R1, 0, R2);
        code.JumpIf(AnyBit, R2, (int)FlowCounts.Closed, drop);
    }
}
