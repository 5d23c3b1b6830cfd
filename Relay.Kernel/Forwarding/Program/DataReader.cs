using NetDiscovery.Relay.Kernel.Ebpf;
using static NetDiscovery.Relay.Kernel.Ebpf.Condition;
using static NetDiscovery.Relay.Kernel.Ebpf.Register;

namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>Ports, channel and application data of a datagram.</summary>
internal sealed class DataReader(ProgramContext context) : ProgramPart(context)
{
    // Ports and channel into the key; length of the application data, and padding.
    public void ReadData(IpHeader ip, bool toPeer)
    {
        var at = Ethernet + ip.Size;
        code.Load(Width.Word, R4, R2, at);
        code.Store(Width.Word, Frame, AtKey + ip.KeySize - 8, R4);
        if (!toPeer)
        {
            code.Store(Width.Word, Frame, AtKey + ip.KeySize - 4, 0);
            code.Load(Width.Double, R4, Frame, AtLength);
            code.AddTo(R4, -Udp);
            code.Store(Width.Double, Frame, AtData, R4);
            return;
        }

        CheckRoom(ip.Size + Udp + ChannelHeader, pass);
        code.Load(Width.Byte, R4, R2, at + Udp);
        code.And(R4, 0xC0);
        code.JumpIf(NotEqual, R4, 0x40, pass);
        code.Load(Width.Half, R4, R2, at + Udp);
        code.Store(Width.Half, Frame, AtKey + ip.KeySize - 4, R4);
        code.Store(Width.Half, Frame, AtKey + ip.KeySize - 2, 0);

        code.Load(Width.Half, R4, R2, at + Udp + 2);
        code.SwapNetwork16(R4);
        code.JumpIf(Above, R4, MaxData, pass);
        code.Store(Width.Double, Frame, AtData, R4);
        code.Load(Width.Double, R5, Frame, AtLength);
        code.AddTo(R5, -Udp - ChannelHeader);
        code.SubtractFrom(R5, R4);
        code.JumpIf(Above, R5, 3, pass); // shorter than it says, or with more than padding behind
        StoreForgetfully(AtPadding, R5);
        SumPadding(at + Udp + ChannelHeader);
    }

    // R4 = bytes of data, R5 = bytes of padding behind it: what they are to the checksum.
    private void SumPadding(int dataAt)
    {
        var done = new Label();
        code.Store(Width.Double, Frame, AtPaddingSum, 0);
        code.JumpIf(Equal, R5, 0, done);
        code.AddTo(R2, R4);
        code.And(R4, 1);
        code.ShiftLeft(R4, 3); // an odd place is the high byte of a word
        code.Move(R9, 0);
        for (var i = 0; i < 3; i++)
        {
            var next = new Label();
            var even = new Label();
            code.Move(R0, R2);
            code.AddTo(R0, dataAt + i + 1);
            code.JumpIf(Above, R0, R3, pass);
            code.Load(Width.Byte, R0, R2, dataAt + i);
            code.JumpIf(Equal, R4, 0, even);
            code.ShiftLeft(R0, 8);
            code.Mark(even);
            code.AddTo(R9, R0);
            code.Xor(R4, 8);
            code.JumpIf(Above, R5, i + 1, next);
            code.Store(Width.Double, Frame, AtPaddingSum, R9);
            code.Jump(done);
            code.Mark(next);
        }

        code.Mark(done);
    }

    // In two halves, so that the verifier does not follow each value on its own.
    private void StoreForgetfully(int at, Register value)
    {
        code.Store(Width.Word, Frame, at, value);
        code.Store(Width.Word, Frame, at + 4, 0);
    }
}
