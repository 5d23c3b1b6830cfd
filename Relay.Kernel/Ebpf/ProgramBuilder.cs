using Microsoft.Win32.SafeHandles;

namespace NetDiscovery.Relay.Kernel.Ebpf;

/// <summary>A place in a program that jumps can name before it is there.</summary>
internal sealed class Label
{
    internal int At = -1;
}

/// <summary>Assembles an eBPF program: one method for each kind of instruction, labels for jumps. All arithmetic is on 64 bits.</summary>
internal sealed class ProgramBuilder
{
    private const byte Load64 = 0x18, MapDescriptor = 1, Add = 0x00, Subtract = 0x10, BitOr = 0x40, BitAnd = 0x50, ShiftUp = 0x60, ShiftDown = 0x70, BitXor = 0xa0, Copy = 0xb0;
    private const byte Alu32 = 0x04, Alu64 = 0x07, FromRegister = 0x08, JumpClass = 0x05;

    private readonly List<Instruction> code = [];
    private readonly List<(int At, Label Target)> jumps = [];

    /// <summary>Instructions so far.</summary>
    public int Count => code.Count;

    /// <summary>Puts <paramref name="label"/> here.</summary>
    public void Mark(Label label) => label.At = label.At < 0 ? code.Count : throw new InvalidOperationException("The label has a place already.");

    public void Move(Register to, Register from) => Emit(Alu64 | Copy | FromRegister, to, from);

    public void Move(Register to, int value) => Emit(Alu64 | Copy, to, 0, 0, value);

    /// <summary>Keeps the low 32 bits.</summary>
    public void TakeLow32(Register register) => Emit(Alu32 | Copy | FromRegister, register, register);

    public void Move64(Register to, ulong value)
    {
        Emit(Load64, to, 0, 0, (int)value);
        Emit(0, 0, 0, 0, (int)(value >> 32));
    }

    /// <summary>Loads a map's address; the kernel puts it in place of the descriptor.</summary>
    public void MoveMap(Register to, SafeFileHandle map)
    {
        Emit(Load64, to, (Register)MapDescriptor, 0, (int)map.DangerousGetHandle());
        Emit(0, 0, 0, 0, 0);
    }

    public void AddTo(Register to, Register value) => Emit(Alu64 | Add | FromRegister, to, value);

    public void AddTo(Register to, int value) => Emit(Alu64 | Add, to, 0, 0, value);

    public void SubtractFrom(Register from, Register value) => Emit(Alu64 | Subtract | FromRegister, from, value);

    public void And(Register register, int mask) => Emit(Alu64 | BitAnd, register, 0, 0, mask);

    public void Or(Register register, Register value) => Emit(Alu64 | BitOr | FromRegister, register, value);

    public void Xor(Register register, int mask) => Emit(Alu64 | BitXor, register, 0, 0, mask);

    public void ShiftLeft(Register register, int bits) => Emit(Alu64 | ShiftUp, register, 0, 0, bits);

    public void ShiftRight(Register register, int bits) => Emit(Alu64 | ShiftDown, register, 0, 0, bits);

    /// <summary>Turns the low 16 bits between network and machine order and clears the others.</summary>
    public void SwapNetwork16(Register register) => Emit(0xdc, register, 0, 0, 16);

    public void Load(Width width, Register to, Register from, int offset) => Emit((byte)(0x61 | (byte)width), to, from, offset);

    public void Store(Width width, Register to, int offset, Register value) => Emit((byte)(0x63 | (byte)width), to, value, offset);

    public void Store(Width width, Register to, int offset, int value) => Emit((byte)(0x62 | (byte)width), to, 0, offset, value);

    /// <summary>Adds <paramref name="value"/> to 64 bits of memory in one step; <paramref name="value"/> becomes what was there before.</summary>
    public void FetchAdd(Register to, int offset, Register value) => Emit(0xdb, to, value, offset, 0x01);

    public void JumpIf(Condition condition, Register left, int right, Label target)
    {
        jumps.Add((code.Count, target));
        Emit((byte)(JumpClass | (byte)condition), left, 0, 0, right);
    }

    public void JumpIf(Condition condition, Register left, Register right, Label target)
    {
        jumps.Add((code.Count, target));
        Emit((byte)(JumpClass | FromRegister | (byte)condition), left, right);
    }

    public void Jump(Label target)
    {
        jumps.Add((code.Count, target));
        Emit(JumpClass, 0, 0);
    }

    public void Call(Helper helper) => Emit(0x85, 0, 0, 0, (int)helper);

    public void Exit() => Emit(0x95, 0, 0);

    /// <returns>The program, with every jump resolved.</returns>
    /// <exception cref="InvalidOperationException">A label was never marked.</exception>
    public Instruction[] Build()
    {
        var built = code.ToArray();
        foreach (var (at, target) in jumps)
        {
            if (target.At < 0)
            {
                throw new InvalidOperationException($"Instruction {at} jumps to a label that has no place.");
            }

            built[at] = built[at] with { Offset = checked((short)(target.At - at - 1)) };
        }

        return built;
    }

    private void Emit(byte opcode, Register to, Register from, int offset = 0, int immediate = 0) =>
        code.Add(new Instruction(opcode, (byte)((byte)to | ((byte)from << 4)), checked((short)offset), immediate));
}
