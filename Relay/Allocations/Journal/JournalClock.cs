using System.Buffers.Binary;
using System.Numerics;

namespace NetDiscovery.Relay.Allocations.Journal;

/// <summary>
/// The time that deadlines in the journal are written in: milliseconds that go on from one process to the next. While the machine stays up they
/// follow its monotonic clock, so that a step of the wall clock neither ends an allocation nor keeps one; after a reboot the wall clock bridges the gap.
/// The journal's header keeps two copies of what that needs, written in turn: a process killed in the middle leaves the other one.
/// </summary>
internal sealed unsafe class JournalClock
{
    /// <summary>Bytes of both copies.</summary>
    public const int Size = 2 * CopySize;

    private const int CopySize = 64;
    private const int CheckAt = CopySize - 4;

    private readonly byte* copies;
    private readonly TimeProvider time;
    private readonly Guid boot;
    private long generation;

    /// <param name="copies">Mapped memory of <see cref="Size"/> bytes.</param>
    /// <param name="time">Clock.</param>
    /// <param name="boot">Which start of the machine this is; empty when the system does not tell.</param>
    public JournalClock(byte* copies, TimeProvider time, Guid boot)
    {
        this.copies = copies;
        this.time = time;
        this.boot = boot;
        if (Newest(new ReadOnlySpan<byte>(copies, Size)) is { } kept)
        {
            generation = kept.Generation;
            AliveAt = kept.AliveUtc == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(kept.AliveUtc);
            var sinceAlive = time.GetUtcNow().ToUnixTimeMilliseconds() - kept.AliveUtc;
            Offset = boot != Guid.Empty && kept.Boot == boot ? kept.Offset : kept.AliveJournal + Math.Max(0, sinceAlive) - Monotonic;
        }
    }

    /// <summary>When the process that had the journal before was last seen alive.</summary>
    public DateTimeOffset? AliveAt { get; }

    /// <summary>The present. Never runs back, whatever the wall clock does.</summary>
    public long Now => Monotonic + Offset;

    private long Offset { get; }

    private long Monotonic => (long)time.GetElapsedTime(0).TotalMilliseconds;

    /// <summary>Which start of the machine this is, where the system tells.</summary>
    public static Guid ThisBoot()
    {
        const string Path = "/proc/sys/kernel/random/boot_id";
        try
        {
            return File.Exists(Path) && Guid.TryParse(File.ReadAllText(Path), out var boot) ? boot : Guid.Empty;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Guid.Empty;
        }
    }

    /// <returns>How often a clock was marked whose <see cref="Size"/> bytes are these; 0 = never.</returns>
    public static long GenerationOf(ReadOnlySpan<byte> copies) => Newest(copies)?.Generation ?? 0;

    /// <summary>Notes that the process is alive, for the next one.</summary>
    public void Mark(DateTimeOffset now)
    {
        var copy = new Span<byte>(copies + ((++generation & 1) * CopySize), CopySize);
        BinaryPrimitives.WriteUInt32LittleEndian(copy[CheckAt..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(copy, generation);
        boot.TryWriteBytes(copy[8..]);
        BinaryPrimitives.WriteInt64LittleEndian(copy[24..], Offset);
        BinaryPrimitives.WriteInt64LittleEndian(copy[32..], now.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64LittleEndian(copy[40..], Now);
        BinaryPrimitives.WriteUInt32LittleEndian(copy[CheckAt..], Checksum.Of(copy[..CheckAt]));
    }

    private static Kept? Newest(ReadOnlySpan<byte> copies)
    {
        Kept? newest = null;
        for (var i = 0; i < 2; i++)
        {
            var copy = copies.Slice(i * CopySize, CopySize);
            var number = BinaryPrimitives.ReadInt64LittleEndian(copy);
            if (number > (newest?.Generation ?? 0) && Checksum.Of(copy[..CheckAt]) == BinaryPrimitives.ReadUInt32LittleEndian(copy[CheckAt..]))
            {
                newest = new Kept(
                    number,
                    new Guid(copy.Slice(8, 16)),
                    BinaryPrimitives.ReadInt64LittleEndian(copy[24..]),
                    BinaryPrimitives.ReadInt64LittleEndian(copy[32..]),
                    BinaryPrimitives.ReadInt64LittleEndian(copy[40..]));
            }
        }

        return newest;
    }

    private sealed record Kept(long Generation, Guid Boot, long Offset, long AliveUtc, long AliveJournal);
}

/// <summary>CRC-32C, which tells whole records from torn ones.</summary>
internal static class Checksum
{
    /// <returns>The checksum of <paramref name="bytes"/> followed by <paramref name="more"/>.</returns>
    public static uint Of(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> more = default) => ~Add(Add(uint.MaxValue, bytes), more);

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }
}
