using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// Buffers for datagrams received together, outside the managed heap, allocated once. A buffer takes the largest datagram, and so also
/// datagrams of one sender that the kernel put together (UDP_GRO). The system backs only pages that were ever written.
/// </summary>
internal sealed unsafe class ArrivalBatch : IDisposable
{
    /// <summary>Messages received by one call at most.</summary>
    public const int Size = 64;

    private const int Stride = 17 * 4096;
    private const int AddressStride = 32;
    private const int ControlStride = 64;

    private readonly byte* buffers = (byte*)NativeMemory.AlignedAlloc(Size * Stride, 4096);
    private readonly byte* addresses = (byte*)NativeMemory.AllocZeroed(Size * AddressStride);
    private readonly byte* controls = (byte*)NativeMemory.AlignedAlloc(Size * ControlStride, 64);
    private readonly LibC.MessageHeader* messages = (LibC.MessageHeader*)NativeMemory.AllocZeroed(Size, (nuint)sizeof(LibC.MessageHeader));
    private readonly LibC.IoVector* parts = (LibC.IoVector*)NativeMemory.AllocZeroed(Size, (nuint)sizeof(LibC.IoVector));

    public ArrivalBatch()
    {
        for (var i = 0; i < Size; i++)
        {
            parts[i] = new LibC.IoVector { Bytes = BufferOf(i) + DatagramBuffers.Headroom, Size = DatagramBuffers.MaxDatagram };
            messages[i] = new LibC.MessageHeader { Parts = parts + i, PartCount = 1, Address = addresses + (i * AddressStride), Control = controls + (i * ControlStride) };
            Reset(i);
        }
    }

    /// <summary>Receives what is there, without waiting.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="most">Messages at most, up to <see cref="Size"/>.</param>
    /// <returns>How many; −1 when there is none or the socket reports an error, which is read with that.</returns>
    public int Receive(int descriptor, int most) => LibC.ReceiveMany(descriptor, messages, (uint)most, LibC.MSG_DONTWAIT, null);

    /// <summary>Reads one message of the last call, and makes its place ready for the next.</summary>
    /// <param name="index">Which.</param>
    /// <param name="from">The sender.</param>
    /// <param name="segment">Bytes of each datagram in it; the last may be shorter.</param>
    /// <param name="length">Bytes of all its datagrams.</param>
    /// <returns>False when the sender makes no sense.</returns>
    public bool TryTake(int index, out TransportAddress from, out int segment, out int length)
    {
        ref var message = ref messages[index];
        length = (int)message.Length;
        segment = message.ControlSize > 0 ? SegmentOf(message) : length;
        var known = TransportAddress.TryReadSockaddr(new ReadOnlySpan<byte>(message.Address, (int)(uint)message.AddressSize), out from);
        Reset(index);
        return known;
    }

    /// <summary>A message's buffer as <see cref="IDatagramSink"/> takes it, the datagram at <paramref name="offset"/> in place of the first.</summary>
    public Span<byte> Buffer(int index, int offset) => new(BufferOf(index) + offset, Stride - offset);

    public void Dispose()
    {
        NativeMemory.AlignedFree(buffers);
        NativeMemory.Free(addresses);
        NativeMemory.AlignedFree(controls);
        NativeMemory.Free(messages);
        NativeMemory.Free(parts);
    }

    private static int SegmentOf(in LibC.MessageHeader message)
    {
        // struct cmsghdr: size_t length, int level, int type; then the size as an int.
        var control = message.Control;
        var isSize = message.ControlSize >= 20 && *(int*)(control + 8) == LibC.SOL_UDP && *(int*)(control + 12) == LibC.UDP_GRO;
        var size = isSize ? *(int*)(control + 16) : 0;
        return size > 0 ? size : (int)message.Length;
    }

    private byte* BufferOf(int index) => buffers + ((nint)index * Stride);

    private void Reset(int index)
    {
        messages[index].AddressSize = TransportAddress.MaxSockaddrSize;
        messages[index].ControlSize = ControlStride;
    }
}
