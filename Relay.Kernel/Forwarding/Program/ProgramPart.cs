using NetDiscovery.Relay.Kernel.Ebpf;
using static NetDiscovery.Relay.Kernel.Ebpf.Condition;
using static NetDiscovery.Relay.Kernel.Ebpf.Register;

namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>What the parts of a program share while it is written: the assembler, the two ways out, and where things lie on the stack.</summary>
/// <param name="hook">Where the program will run.</param>
/// <param name="maps">Its maps.</param>
internal sealed class ProgramContext(Bpf.Hook hook, ForwarderMaps maps)
{
    /// <summary>Where the program will run.</summary>
    public Bpf.Hook Hook => hook;

    /// <summary>Its maps.</summary>
    public ForwarderMaps Maps => maps;

    /// <summary>The assembler.</summary>
    public ProgramBuilder Code { get; } = new();

    /// <summary>Leaves the frame to the process.</summary>
    public Label Pass { get; } = new();

    /// <summary>Drops the frame: it was changed already and can't be left to anybody.</summary>
    public Label Drop { get; } = new();

    /// <summary>Where the hook keeps things.</summary>
    public ContextLayout Layout { get; } = hook == Bpf.Hook.Xdp ? ContextLayout.Xdp : ContextLayout.Tc;
}

/// <summary>A part of the program, with what all parts need.</summary>
/// <param name="context">Shared by all parts.</param>
internal abstract class ProgramPart(ProgramContext context)
{
    protected const int Ethernet = 14, Udp = 8, ChannelHeader = 4;
    protected const byte UdpProtocol = 17;

    // Longer datagrams than any Ethernet carries go to the process; the limit keeps sizes within what the verifier follows.
    protected const int MaxData = 16_384;

    // The stack: offsets from the frame pointer.
    protected const int AtKey = -40, AtIndex = -44, AtNeighbour = -56, AtWord = -64, AtLength = -72, AtChecksum = -80, AtClass = -88, AtHops = -96;
    protected const int AtData = -104, AtPadding = -112, AtPaddingSum = -120, AtWhole = -128, AtIdentification = -136, AtEthernet = -152, AtHeaders = -208;

    // Named as in an assembler listing: they are in every line.
    protected readonly ProgramBuilder code = context.Code;
    protected readonly Label pass = context.Pass;
    protected readonly Label drop = context.Drop;

    protected ContextLayout Layout => context.Layout;

    protected ForwarderMaps Maps => context.Maps;

    protected bool IsTc => context.Hook == Bpf.Hook.Tc;

    // R2 = start of the frame, R3 = its end.
    protected void LoadPointers()
    {
        code.Load(Width.Word, R2, R6, Layout.Start);
        code.Load(Width.Word, R3, R6, Layout.End);
    }

    // Jumps unless the frame reaches that far behind its Ethernet header.
    protected void CheckRoom(int behindEthernet, Label otherwise)
    {
        code.Move(R4, R2);
        code.AddTo(R4, Ethernet + behindEthernet);
        code.JumpIf(Above, R4, R3, otherwise);
    }

    // A sum of 16- or 32-bit words down to 16 bits, carries added. R0 is overwritten.
    protected void Fold(Register sum)
    {
        code.Move(R0, sum);
        code.ShiftRight(R0, 32);
        code.TakeLow32(sum);
        code.AddTo(sum, R0);
        Fold16(sum);
        Fold16(sum);
        Fold16(sum);
    }

    // Once.
    protected void Fold16(Register sum)
    {
        code.Move(R0, sum);
        code.ShiftRight(R0, 16);
        code.And(sum, 0xFFFF);
        code.AddTo(sum, R0);
    }
}
