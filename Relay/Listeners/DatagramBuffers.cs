using System.Buffers;
using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Listeners;

/// <summary>
/// Receive buffers that take the largest datagram, outside the managed heap: the system backs only the pages that were ever written,
/// so an ordinary flow costs one page, and no garbage collection moves or scans them.
/// </summary>
internal sealed unsafe partial class DatagramBuffers
{
    /// <summary>Writable bytes before a datagram: room for a ChannelData header, and to keep payloads aligned.</summary>
    public const int Headroom = 64;

    /// <summary>Writable bytes after a datagram: padding of ChannelData over streams.</summary>
    public const int Tailroom = 8;

    /// <summary>Largest UDP payload.</summary>
    public const int MaxDatagram = 65_507;

    private const int Stride = 17 * 4096;
    private const int PerSlab = 64;

    // Beyond so many free buffers their pages go back to the system: a flood of connections leaves nothing behind.
    private const int FreeWithPages = 512;

    private readonly Stack<Buffer> free = new();
    private readonly Lock gate = new();

    /// <summary>All sockets of the process share one pool.</summary>
    public static DatagramBuffers Shared { get; } = new();

    /// <summary>Buffers in use.</summary>
    public int InUse { get; private set; }

    /// <summary>Takes a buffer of <see cref="Headroom"/> + <see cref="MaxDatagram"/> + <see cref="Tailroom"/> bytes.</summary>
    public Buffer Rent()
    {
        lock (gate)
        {
            if (free.Count == 0)
            {
                // Never freed: its buffers come back to the pool, and the process needs as many again.
                var slab = (byte*)NativeMemory.AlignedAlloc(Stride * PerSlab, 4096);
                for (var i = PerSlab - 1; i >= 0; i--)
                {
                    free.Push(new Buffer(slab + (i * Stride)));
                }
            }

            InUse++;
            return free.Pop();
        }
    }

    /// <summary>Gives a buffer back; no receive may be under way in it.</summary>
    public void Return(Buffer buffer)
    {
        lock (gate)
        {
            InUse--;
            if (free.Count >= FreeWithPages)
            {
                buffer.Discard();
            }

            free.Push(buffer);
        }
    }

    /// <summary>Gives the pages of all free buffers back to the system.</summary>
    public void DiscardFree()
    {
        lock (gate)
        {
            foreach (var buffer in free)
            {
                buffer.Discard();
            }
        }
    }

    /// <summary>One buffer.</summary>
    internal sealed partial class Buffer(byte* start) : MemoryManager<byte>
    {
        private const int Size = Headroom + MaxDatagram + Tailroom;
        private const int DontNeed = 4;

        /// <summary>Gives its pages back to the system; the next to use it gets zeros.</summary>
        internal void Discard()
        {
            if (OperatingSystem.IsLinux())
            {
                // That it may fail changes nothing: the pages stay.
                _ = MemoryAdvise(start, Stride, DontNeed);
            }
        }

        /// <inheritdoc/>
        public override Span<byte> GetSpan() => new(start, Size);

        /// <inheritdoc/>
        public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

        /// <inheritdoc/>
        public override void Unpin()
        {
            // Native memory does not move.
        }

        /// <inheritdoc/>
        protected override void Dispose(bool disposing)
        {
            // The pool owns it.
        }

        [LibraryImport("libc", EntryPoint = "madvise")]
        private static partial int MemoryAdvise(void* address, nuint length, int advice);
    }
}
