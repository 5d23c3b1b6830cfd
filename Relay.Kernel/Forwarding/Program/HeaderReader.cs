using NetDiscovery.Relay.Kernel.Ebpf;
using static NetDiscovery.Relay.Kernel.Ebpf.Condition;
using static NetDiscovery.Relay.Kernel.Ebpf.Register;

namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>Takes a frame apart up to the UDP header; anything unusual goes to the process.</summary>
internal sealed class HeaderReader(ProgramContext context) : ProgramPart(context)
{
    // R2 = start of the frame, R3 = its end.
    public void ReadPointers(int ipSize)
    {
        if (IsTc)
        {
            // Aggregates, VLAN tags, and frames for somebody else are not for us.
            code.Load(Width.Word, R4, R6, ContextLayout.PacketType);
            code.JumpIf(NotEqual, R4, 0, pass);
            code.Load(Width.Word, R4, R6, ContextLayout.HasVlan);
            code.JumpIf(NotEqual, R4, 0, pass);
            code.Load(Width.Word, R4, R6, ContextLayout.SegmentSize);
            code.JumpIf(NotEqual, R4, 0, pass);
            PullHeaders();
        }

        LoadPointers();
        CheckRoom(ipSize + Udp, pass);
    }

    // Headers may lie in fragments of the buffer, out of reach.
    private void PullHeaders()
    {
        const int Most = Ethernet + 40 + Udp + ChannelHeader;
        var reachable = new Label();
        var whole = new Label();
        LoadPointers();
        code.Move(R4, R2);
        code.AddTo(R4, Most);
        code.JumpIf(BelowOrEqual, R4, R3, reachable);
        code.Load(Width.Word, R2, R6, ContextLayout.Length);
        code.JumpIf(BelowOrEqual, R2, Most, whole);
        code.Move(R2, Most);
        code.Mark(whole);
        code.Move(R1, R6);
        code.Call(Helper.PullData);
        code.JumpIf(NotEqual, R0, 0, pass);
        code.Mark(reachable);
    }

    public void TakeApart4()
    {
        // No options, no fragments, UDP, hops left, a checksum that holds.
        code.Load(Width.Byte, R4, R2, Ethernet);
        code.JumpIf(NotEqual, R4, 0x45, pass);
        code.Load(Width.Half, R4, R2, Ethernet + 6);
        code.And(R4, 0xFFBF);
        code.JumpIf(NotEqual, R4, 0, pass);
        code.Load(Width.Byte, R4, R2, Ethernet + 9);
        code.JumpIf(NotEqual, R4, UdpProtocol, pass);
        code.Load(Width.Byte, R4, R2, Ethernet + 8);
        code.JumpIf(BelowOrEqual, R4, 1, pass);
        code.Store(Width.Double, Frame, AtHops, R4);
        code.Load(Width.Byte, R4, R2, Ethernet + 1);
        code.Store(Width.Double, Frame, AtClass, R4);
        code.Load(Width.Word, R4, R2, Ethernet);
        for (var at = 4; at < IpHeader.V4.Size; at += 4)
        {
            code.Load(Width.Word, R5, R2, Ethernet + at);
            code.AddTo(R4, R5);
        }

        Fold(R4);
        code.JumpIf(NotEqual, R4, 0xFFFF, pass);

        // Both lengths say the same.
        code.Load(Width.Half, R4, R2, Ethernet + 2);
        code.SwapNetwork16(R4);
        code.Load(Width.Half, R5, R2, Ethernet + IpHeader.V4.Size + 4);
        code.SwapNetwork16(R5);
        code.Move(R0, R5);
        code.AddTo(R0, IpHeader.V4.Size);
        code.JumpIf(NotEqual, R0, R4, pass);
        CheckUdp(IpHeader.V4);

        code.Load(Width.Word, R4, R2, Ethernet + 12);
        code.Store(Width.Word, Frame, AtKey, R4);
        code.Load(Width.Word, R4, R2, Ethernet + 16);
        code.Store(Width.Word, Frame, AtKey + 4, R4);
    }

    public void TakeApart6()
    {
        code.Load(Width.Byte, R4, R2, Ethernet);
        code.ShiftRight(R4, 4);
        code.JumpIf(NotEqual, R4, 6, pass);
        code.Load(Width.Byte, R4, R2, Ethernet + 6);
        code.JumpIf(NotEqual, R4, UdpProtocol, pass);
        code.Load(Width.Byte, R4, R2, Ethernet + 7);
        code.JumpIf(BelowOrEqual, R4, 1, pass);
        code.Store(Width.Double, Frame, AtHops, R4);
        code.Load(Width.Word, R4, R2, Ethernet);
        code.And(R4, 0xF0FF); // version and traffic class; the flow label was the sender's
        code.Store(Width.Double, Frame, AtClass, R4);
        code.Load(Width.Half, R4, R2, Ethernet + 4);
        code.SwapNetwork16(R4);
        code.Load(Width.Half, R5, R2, Ethernet + IpHeader.V6.Size + 4);
        code.SwapNetwork16(R5);
        code.JumpIf(NotEqual, R4, R5, pass);
        CheckUdp(IpHeader.V6);
        for (var at = 0; at < 32; at += 8)
        {
            code.Load(Width.Double, R4, R2, Ethernet + 8 + at);
            code.Store(Width.Double, Frame, AtKey + at, R4);
        }
    }

    // R5 = length in the UDP header.
    private void CheckUdp(IpHeader ip)
    {
        code.JumpIf(Below, R5, Udp, pass);
        code.JumpIf(Above, R5, MaxData, pass);
        code.Store(Width.Double, Frame, AtLength, R5);
        if (IsTc)
        {
            code.AddTo(R5, Ethernet + ip.Size);
            code.Load(Width.Word, R4, R6, ContextLayout.Length);
            code.JumpIf(Above, R5, R4, pass);
        }
        else
        {
            code.Move(R4, R2);
            code.AddTo(R4, R5);
            code.AddTo(R4, Ethernet + ip.Size);
            code.JumpIf(Above, R4, R3, pass);
        }

        // 0 = none; nothing to carry on.
        code.Load(Width.Half, R4, R2, Ethernet + ip.Size + 6);
        code.JumpIf(Equal, R4, 0, pass);
        code.Store(Width.Double, Frame, AtChecksum, R4);
    }
}
