using NetDiscovery.Relay.Kernel.Ebpf;
using static NetDiscovery.Relay.Kernel.Ebpf.Register;

namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>Writes the headers of the datagram that goes out.</summary>
internal sealed class HeaderWriter(ProgramContext context) : ProgramPart(context)
{
    public void WriteEthernet(IpHeader ip, Register to, int at)
    {
        code.Load(Width.Double, R4, Frame, AtNeighbour);
        code.Store(Width.Word, to, at, R4);
        code.ShiftRight(R4, 32);
        code.Store(Width.Half, to, at + 4, R4);
        code.Load(Width.Half, R4, R8, 8);
        code.Store(Width.Half, to, at + 6, R4);
        code.Load(Width.Word, R4, R8, 12);
        code.Store(Width.Word, to, at + 8, R4);
        code.Store(Width.Half, to, at + 12, ip.EtherType);
    }

    // R9 = length in the UDP header.
    public void WriteHeaders(IpHeader ip, bool toPeer, Register to, int at)
    {
        if (ip.IsV6)
        {
            WriteIp6(to, at);
        }
        else
        {
            WriteIp4(to, at);
        }

        at += ip.Size;
        code.Load(Width.Word, R4, R7, 96);
        code.Store(Width.Word, to, at, R4);
        code.Move(R4, R9);
        code.SwapNetwork16(R4);
        code.Store(Width.Half, to, at + 4, R4);
        code.Load(Width.Double, R4, Frame, AtChecksum);
        code.Store(Width.Half, to, at + 6, R4);
        if (!toPeer)
        {
            code.Load(Width.Half, R4, R7, 100);
            code.Store(Width.Half, to, at + 8, R4);
            code.Load(Width.Double, R4, Frame, AtData);
            code.SwapNetwork16(R4);
            code.Store(Width.Half, to, at + 10, R4);
        }
    }

    private void WriteIp4(Register to, int at)
    {
        code.Store(Width.Byte, to, at, 0x45);
        code.Load(Width.Double, R4, Frame, AtClass);
        code.Store(Width.Byte, to, at + 1, R4);
        code.ShiftLeft(R4, 8);
        code.Load(Width.Word, R5, R7, 116);
        code.AddTo(R4, R5);
        code.Move(R5, R9);
        code.AddTo(R5, IpHeader.V4.Size);
        code.SwapNetwork16(R5);
        code.Store(Width.Half, to, at + 2, R5);
        code.AddTo(R4, R5);
        code.Load(Width.Double, R5, Frame, AtIdentification);
        code.And(R5, 0xFFFF);
        code.Store(Width.Half, to, at + 4, R5);
        code.AddTo(R4, R5);
        code.Store(Width.Half, to, at + 6, 0);
        code.Load(Width.Double, R5, Frame, AtHops);
        code.AddTo(R5, -1);
        code.Store(Width.Byte, to, at + 8, R5);
        code.AddTo(R4, R5);
        code.Store(Width.Byte, to, at + 9, UdpProtocol);
        Fold(R4);
        code.Xor(R4, 0xFFFF);
        code.Store(Width.Half, to, at + 10, R4);
        code.Load(Width.Word, R4, R7, 64);
        code.Store(Width.Word, to, at + 12, R4);
        code.Load(Width.Word, R4, R7, 68);
        code.Store(Width.Word, to, at + 16, R4);
    }

    private void WriteIp6(Register to, int at)
    {
        code.Load(Width.Double, R4, Frame, AtClass);
        code.Store(Width.Word, to, at, R4);
        code.Move(R4, R9);
        code.SwapNetwork16(R4);
        code.Store(Width.Half, to, at + 4, R4);
        code.Store(Width.Byte, to, at + 6, UdpProtocol);
        code.Load(Width.Double, R4, Frame, AtHops);
        code.AddTo(R4, -1);
        code.Store(Width.Byte, to, at + 7, R4);
        for (var i = 0; i < 32; i += 8)
        {
            code.Load(Width.Double, R4, R7, 64 + i);
            code.Store(Width.Double, to, at + 8 + i, R4);
        }
    }
}
