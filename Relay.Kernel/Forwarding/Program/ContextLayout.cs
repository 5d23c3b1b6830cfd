namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>Where a program finds things in what the kernel hands it (<c>xdp_md</c>, <c>__sk_buff</c>), and what it answers.</summary>
internal sealed record ContextLayout(int Start, int End, int Interface, int Pass, int Drop)
{
    // Of __sk_buff.
    public const int Length = 0, PacketType = 4, HasVlan = 20, SegmentSize = 176;

    /// <summary>Send the frame back out of the interface it came from.</summary>
    public const int XdpTransmit = 3;

    public static ContextLayout Xdp { get; } = new(Start: 0, End: 4, Interface: 12, Pass: 2, Drop: 1);

    /// <summary>"Pass" lets programs behind this one, and then the stack, decide.</summary>
    public static ContextLayout Tc { get; } = new(Start: 76, End: 80, Interface: 40, Pass: -1, Drop: 2);
}
