using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Kernel.Forwarding;

/// <summary>
/// One channel in the flow table: memory that the program, this process and, when the table is pinned, the next process share.
/// The program only adds to the words of its lane and moves its <see cref="LaneLayout.VisitAt"/>; everything else is written by this process.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct FlowLayout
{
    public const int Size = 512;

    /// <summary>From the client to the peer.</summary>
    [FieldOffset(0)] public LaneLayout ToPeer;

    /// <summary>From the peer to the client.</summary>
    [FieldOffset(LaneLayout.Size)] public LaneLayout ToClient;

    /// <summary>Whose totals the counts belong to.</summary>
    [FieldOffset(384)] public Guid Owner;

    /// <summary>1 while there may be counts that are not yet in the owner's totals.</summary>
    [FieldOffset(400)] public int InUse;

    /// <summary>1 while <see cref="Next"/> and <see cref="Totals"/> are being put in place; whoever finds it does that again.</summary>
    [FieldOffset(404)] public int Pending;

    /// <summary>What the words' settled values will be.</summary>
    [FieldOffset(408)] public fixed ulong Next[FlowCounts.Words];

    /// <summary>What the owner's totals will be.</summary>
    [FieldOffset(448)] public fixed long Totals[FlowCounts.Totals];
}

/// <summary>One direction of a channel: what to look for, what to write, until when, and how much it was.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct LaneLayout
{
    public const int Size = 192;
    public const int Words = 4;

    /// <summary>Nanoseconds of the monotonic clock at which forwarding ends.</summary>
    [FieldOffset(0)] public ulong ExpiresAt;

    /// <summary>Nanoseconds of the monotonic clock from which on the next datagram goes to the process.</summary>
    [FieldOffset(8)] public ulong VisitAt;

    /// <summary>The key the lane is found by: a <see cref="KeyV4"/> or <see cref="KeyV6"/>. Compared again, for an entry of the hash table may have become another one's meanwhile.</summary>
    [FieldOffset(16)] public fixed byte Key[KeyV6.Size];

    /// <summary>The interface datagrams must arrive on; others go to the process, whose kernel judges them.</summary>
    [FieldOffset(56)] public int ArrivesOn;

    /// <summary>Number of the next hop.</summary>
    [FieldOffset(60)] public int Hop;

    /// <summary>New source and destination address: 4 bytes each, or 16.</summary>
    [FieldOffset(64)] public fixed byte Addresses[32];

    /// <summary>New source port, network byte order.</summary>
    [FieldOffset(96)] public ushort SourcePort;

    /// <summary>New destination port, network byte order.</summary>
    [FieldOffset(98)] public ushort DestinationPort;

    /// <summary>Channel number to write, network byte order; towards the client only.</summary>
    [FieldOffset(100)] public ushort Channel;

    /// <summary>What the UDP checksum changes by, lengths aside: a sum of 16-bit words.</summary>
    [FieldOffset(104)] public uint ChecksumChange;

    /// <summary>Sum of the new pseudo-header, length aside.</summary>
    [FieldOffset(108)] public uint NewPseudoHeader;

    /// <summary>Sum of the pseudo-header as it arrives, length aside.</summary>
    [FieldOffset(112)] public uint OldPseudoHeader;

    /// <summary>Sum of the words of the new IPv4 header that are always the same.</summary>
    [FieldOffset(116)] public uint HeaderSum;

    /// <summary>The counters; see <see cref="FlowCounts"/>. Towards the peer one for each number of padding bytes, 0 to 3; towards the client the first.</summary>
    [FieldOffset(128)] public fixed ulong Counts[Words];

    /// <summary>As much of <see cref="Counts"/> as is in the owner's totals.</summary>
    [FieldOffset(160)] public fixed ulong Settled[Words];
}

/// <summary>What an IPv4 lane is found by; as in the packet, network byte order.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct KeyV4
{
    public const int Size = 16;

    [FieldOffset(0)] public fixed byte Source[4];
    [FieldOffset(4)] public fixed byte Destination[4];
    [FieldOffset(8)] public ushort SourcePort;
    [FieldOffset(10)] public ushort DestinationPort;

    /// <summary>0 towards the client.</summary>
    [FieldOffset(12)] public ushort Channel;
}

/// <summary>What an IPv6 lane is found by; as in the packet, network byte order.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct KeyV6
{
    public const int Size = 40;

    [FieldOffset(0)] public fixed byte Source[16];
    [FieldOffset(16)] public fixed byte Destination[16];
    [FieldOffset(32)] public ushort SourcePort;
    [FieldOffset(34)] public ushort DestinationPort;

    /// <summary>0 towards the client.</summary>
    [FieldOffset(36)] public ushort Channel;
}

/// <summary>Where frames go: an Ethernet neighbour.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct HopLayout
{
    public const int Size = 32;

    /// <summary>The neighbour's address in the low six bytes; the highest bit says that it is known. Written in one step.</summary>
    [FieldOffset(0)] public ulong Neighbour;

    /// <summary>First two bytes of the interface's own address.</summary>
    [FieldOffset(8)] public fixed byte OwnFirst[2];

    /// <summary>The other four.</summary>
    [FieldOffset(12)] public fixed byte OwnRest[4];

    [FieldOffset(16)] public int Interface;

    /// <summary>Largest IP packet, bytes.</summary>
    [FieldOffset(20)] public int Mtu;
}
