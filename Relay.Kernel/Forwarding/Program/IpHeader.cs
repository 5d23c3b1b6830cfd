namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>What differs between the two versions of IP.</summary>
/// <param name="IsV6">Which.</param>
/// <param name="Size">Bytes of the header.</param>
/// <param name="EtherType">As a little-endian machine reads it.</param>
/// <param name="KeySize">Bytes of the key flows are found by.</param>
internal sealed record IpHeader(bool IsV6, int Size, int EtherType, int KeySize)
{
    public static IpHeader V4 { get; } = new(false, 20, 0x0008, KeyV4.Size);

    public static IpHeader V6 { get; } = new(true, 40, 0xDD86, KeyV6.Size);
}
