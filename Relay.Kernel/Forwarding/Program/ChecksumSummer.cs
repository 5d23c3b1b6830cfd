using NetDiscovery.Relay.Kernel.Ebpf;
using static NetDiscovery.Relay.Kernel.Ebpf.Condition;
using static NetDiscovery.Relay.Kernel.Ebpf.Register;

namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>The UDP checksum of the datagram that goes out.</summary>
internal sealed class ChecksumSummer(ProgramContext context) : ProgramPart(context)
{
    // A checksum is computed from scratch for no more than this.
    private const int MaxSummed = 2_040;
    private const int ChunkSize = 64;

    // A sender on this very machine leaves the checksum to its network card: the field then has the sum of the pseudo-header alone. With XDP that
    // knowledge is lost on the way, so the checksum must be computed; with TC the kernel's note of it would point to the wrong place.
    public void JudgeChecksum()
    {
        var complete = new Label();
        code.Store(Width.Double, Frame, AtWhole, 0);
        code.Load(Width.Word, R4, R7, 112);
        code.Load(Width.Double, R5, Frame, AtLength);
        code.SwapNetwork16(R5);
        code.AddTo(R4, R5);
        Fold(R4);
        code.Load(Width.Double, R5, Frame, AtChecksum);
        code.JumpIf(NotEqual, R4, R5, complete);
        if (IsTc)
        {
            code.Jump(pass);
        }
        else
        {
            code.JumpIf(Above, R9, MaxSummed, pass);
            code.Store(Width.Double, Frame, AtWhole, 1);
        }

        code.Mark(complete);
    }

    // The new UDP checksum, from the old one and what changes (RFC 1624).
    public void SumChecksum(bool toPeer)
    {
        var nonZero = new Label();
        code.Load(Width.Double, R4, Frame, AtChecksum);
        code.Xor(R4, 0xFFFF);
        code.Load(Width.Word, R5, R7, 104);
        code.AddTo(R4, R5);
        code.Move(R5, R9);
        code.SwapNetwork16(R5);
        code.AddTo(R4, R5); // twice: in the header, and in the pseudo-header
        code.AddTo(R4, R5);
        code.Load(Width.Double, R5, Frame, AtLength);
        code.SwapNetwork16(R5);
        code.Xor(R5, 0xFFFF);
        code.AddTo(R4, R5);
        code.AddTo(R4, R5);
        code.Load(Width.Double, R5, Frame, AtData);
        code.SwapNetwork16(R5);
        if (toPeer)
        {
            code.Xor(R5, 0xFFFF);
        }

        code.AddTo(R4, R5);
        if (toPeer)
        {
            code.Load(Width.Double, R5, Frame, AtPaddingSum);
            Fold16(R5);
            code.Xor(R5, 0xFFFF);
            code.AddTo(R4, R5);
        }

        Fold(R4);
        code.Xor(R4, 0xFFFF);
        code.JumpIf(NotEqual, R4, 0, nonZero);
        code.Move(R4, 0xFFFF);
        code.Mark(nonZero);
        code.Store(Width.Double, Frame, AtChecksum, R4);
    }

    // The whole checksum, where there was none to go by. R2 = the frame, R3 = its end, R9 = length in the UDP header.
    public void SumWhole(IpHeader ip)
    {
        Label done = new(), words = new(), summed = new(), nonZero = new();
        var udpAt = Ethernet + ip.Size;
        code.Load(Width.Double, R4, Frame, AtWhole);
        code.JumpIf(Equal, R4, 0, done);
        code.Store(Width.Half, R2, udpAt + 6, 0);
        code.Load(Width.Word, R4, R7, 108);
        code.Move(R5, R9);
        code.SwapNetwork16(R5);
        code.AddTo(R4, R5);
        SumLastBytes(udpAt);
        code.Move(R5, R9);
        code.Move(R1, R2);
        code.AddTo(R1, udpAt);
        SumLoop(ChunkSize, words);
        code.Mark(words);
        SumLoop(4, summed);
        code.Mark(summed);
        Fold(R4);
        code.Xor(R4, 0xFFFF);
        code.JumpIf(NotEqual, R4, 0, nonZero);
        code.Move(R4, 0xFFFF);
        code.Mark(nonZero);
        code.Store(Width.Half, R2, udpAt + 6, R4);
        code.Mark(done);
    }

    // R4 += what is behind the last whole word. First, so that the verifier sees all ends of the loops as one.
    private void SumLastBytes(int udpAt)
    {
        Label lastByte = new(), done = new();
        code.Move(R5, R9);
        code.And(R5, 0xFFC);
        code.Move(R1, R2);
        code.AddTo(R1, R5);
        code.Move(R5, R9);
        code.And(R5, 2);
        code.JumpIf(Equal, R5, 0, lastByte);
        code.Move(R0, R1);
        code.AddTo(R0, udpAt + 2);
        code.JumpIf(Above, R0, R3, drop);
        code.Load(Width.Half, R0, R1, udpAt);
        code.AddTo(R4, R0);
        code.Mark(lastByte);
        code.AddTo(R1, R5);
        code.Move(R5, R9);
        code.And(R5, 1);
        code.JumpIf(Equal, R5, 0, done);
        code.Move(R0, R1);
        code.AddTo(R0, udpAt + 1);
        code.JumpIf(Above, R0, R3, drop);
        code.Load(Width.Byte, R0, R1, udpAt);
        code.AddTo(R4, R0);
        code.Mark(done);
    }

    // R4 += the words from R1 on, R5 = bytes left. Few rounds, for the verifier walks through each of them.
    private void SumLoop(int step, Label end)
    {
        var loop = new Label();
        code.Mark(loop);
        code.JumpIf(Below, R5, step, end);
        code.Move(R0, R1);
        code.AddTo(R0, step);
        code.JumpIf(Above, R0, R3, drop);
        for (var at = 0; at < step; at += 4)
        {
            code.Load(Width.Word, R0, R1, at);
            code.AddTo(R4, R0);
        }

        code.AddTo(R1, step);
        code.AddTo(R5, -step);
        code.Jump(loop);
    }
}
