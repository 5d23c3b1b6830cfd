using System.Buffers.Binary;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>
/// Replaces the identity of a live slot so that a process killed between any two writes leaves the old one or the new one whole. The new identity is
/// noted in the journal's header first; what a killed process has noted is written into its slot again at the next start.
/// One note for all slots: clients move, and bring newer tokens, seldom.
/// </summary>
/// <remarks>Layout: 4 bytes CRC-32C of what follows, written last, 0 = nothing is noted; 4 bytes number of the slot; the identity with its own head.</remarks>
/// <param name="memory">Mapped memory of <see cref="Size"/> bytes.</param>
internal sealed unsafe class IdentityRewrite(byte* memory)
{
    public const int Size = IdentityAt + SlotLayout.IdentityRoom;

    private const int SlotAt = 4;
    private const int IdentityAt = 8;

    private readonly Lock gate = new();

    private Span<byte> Noted => new(memory + SlotAt, Size - SlotAt);

    /// <summary>Writes <paramref name="identity"/> into a live slot. Thread-safe; the slot is the caller's.</summary>
    public void Run(JournalSlot slot, SlotIdentity identity)
    {
        lock (gate)
        {
            Note(slot.Index, identity);
            identity.Write(slot.Identity);
            Forget();
        }
    }

    /// <summary>Completes what a process was killed in the middle of.</summary>
    /// <param name="find">Finds a slot in use by its number.</param>
    public void Complete(Func<int, JournalSlot?> find)
    {
        if (Volatile.Read(ref Check) is var check && check != 0 && check == Expected()
            && find(BinaryPrimitives.ReadInt32LittleEndian(Noted)) is { } slot)
        {
            new ReadOnlySpan<byte>(memory + IdentityAt, SlotLayout.IdentityRoom).CopyTo(slot.Identity);
        }

        Forget();
    }

    /// <summary>First step of <see cref="Run"/>.</summary>
    internal void Note(int slot, SlotIdentity identity)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Noted, slot);
        identity.Write(new Span<byte>(memory + IdentityAt, SlotLayout.IdentityRoom));
        Volatile.Write(ref Check, Expected());
    }

    /// <summary>Last step of <see cref="Run"/>.</summary>
    internal void Forget() => Volatile.Write(ref Check, 0);

    private ref uint Check => ref *(uint*)memory;

    private uint Expected() => Math.Max(1, Checksum.Of(Noted));
}
