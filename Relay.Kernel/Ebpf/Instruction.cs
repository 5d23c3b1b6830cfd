using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Kernel.Ebpf;

/// <summary>One eBPF instruction as the kernel reads it: 8 bytes (RFC 9669 §3).</summary>
/// <param name="Opcode">Class, size or operation, and source.</param>
/// <param name="Registers">Destination in the low four bits, source in the high ones.</param>
/// <param name="Offset">Bytes for memory, instructions for jumps.</param>
/// <param name="Immediate">Operand.</param>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly record struct Instruction(byte Opcode, byte Registers, short Offset, int Immediate);

/// <summary>The eleven registers (RFC 9669 §2).</summary>
internal enum Register : byte
{
    /// <summary>Result of calls and of the program. Calls overwrite it and <see cref="R1"/> to <see cref="R5"/>.</summary>
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,

    /// <summary>Kept across calls, like those up to <see cref="R9"/>.</summary>
    R6,
    R7,
    R8,
    R9,

    /// <summary>Frame pointer: the 512 bytes below it are the stack. Read only.</summary>
    Frame,
}

/// <summary>Width of a memory access; the number is the opcode's.</summary>
internal enum Width : byte
{
    Word = 0x00,
    Half = 0x08,
    Byte = 0x10,
    Double = 0x18,
}

/// <summary>When a jump is taken; unsigned unless the name says otherwise. The number is the opcode's.</summary>
internal enum Condition : byte
{
    Equal = 0x10,
    Above = 0x20,
    AboveOrEqual = 0x30,
    AnyBit = 0x40,
    NotEqual = 0x50,
    Below = 0xa0,
    BelowOrEqual = 0xb0,
    SignedBelow = 0xc0,
}

/// <summary>Kernel functions a program may call (linux/bpf.h).</summary>
internal enum Helper
{
    MapLookup = 1,
    Time = 5,
    Random = 7,
    StoreBytes = 9,
    Redirect = 23,
    PullData = 39,
    AdjustHead = 44,
    AdjustRoom = 50,
}
