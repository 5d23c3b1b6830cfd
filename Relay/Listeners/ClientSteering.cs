using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NetDiscovery.Relay.Listeners.Linux;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Listeners;

/// <summary>
/// Which worker a UDP client's datagrams reach: a function of its address alone, told to the kernel as a small filter on the sockets that share a
/// port. The kernel's own choice hangs on a secret and on how many sockets there are; with this one a restarted relay knows where to put an
/// allocation before its client sends anything, also with another number of workers.
/// </summary>
internal static unsafe partial class ClientSteering
{
    private const uint Multiplier = 0x9E37_79B1;
    private const int SolSocket = 1, SoAttachReuseportCbpf = 51;

    // A datagram takes more of a buffer than 512 bytes, and the system gives twice the buffer that was asked for.
    private const int MostWaiting = 2 * UdpListener.BufferBytes / 512;

    // Offsets of classic BPF that count from the network header.
    private const uint NetworkHeader = 0xFFF0_0000;

    /// <summary>The worker of a client, 0 to <paramref name="workers"/> − 1.</summary>
    public static int WorkerOf(in TransportAddress client, int workers)
    {
        Span<byte> address = stackalloc byte[16];
        uint mixed = client.Port;
        for (var rest = address[..client.WriteAddress(address)]; !rest.IsEmpty; rest = rest[4..])
        {
            mixed ^= BinaryPrimitives.ReadUInt32BigEndian(rest);
        }

        return (int)(((mixed * Multiplier) >> 16) % (uint)workers);
    }

    /// <summary>Makes the kernel choose by <see cref="WorkerOf"/> among the sockets that share the port of <paramref name="any"/>, in the order they were bound.</summary>
    /// <returns>False where the system can't.</returns>
    public static bool TryAttach(IDatagramSocket any, int workers)
    {
        if (workers == 1)
        {
            return true;
        }

        if (!OperatingSystem.IsLinux() || any.Descriptor < 0)
        {
            return false;
        }

        ReadOnlySpan<Instruction> program = any.Local.Family == IPFamily.IPv4 ? IPv4((uint)workers) : IPv6((uint)workers);
        fixed (Instruction* first = program)
        {
            var filter = new Program { Length = (ushort)program.Length, First = first };
            return SetOption(any.Descriptor, SolSocket, SoAttachReuseportCbpf, &filter, (uint)sizeof(Program)) == 0;
        }
    }

    /// <summary>
    /// Throws away what waits in a socket. What came before all workers' sockets were bound and steered may be in the wrong one: that worker would
    /// answer "no such allocation" (437) to the client of another, or count what nobody is billed for. Clients send again what matters.
    /// </summary>
    /// <param name="socket">One that does not deliver yet.</param>
    public static void Discard(IDatagramSocket socket)
    {
        // Not until nothing comes any more: of a flood there is no end, and what comes by now is where it belongs.
        for (var i = 0; i < MostWaiting && LibC.Receive(socket.Descriptor, null, 0, LibC.MSG_DONTWAIT) >= 0; i++)
        {
            // One less.
        }
    }

    private static Instruction[] IPv4(uint workers) =>
    [
        new(LoadHeaderLength, NetworkHeader),
        new(LoadHalfFromX, NetworkHeader),
        new(CopyToX, 0),
        new(LoadWord, NetworkHeader + 12),
        new(XorX, 0),
        .. Choose(workers),
    ];

    private static Instruction[] IPv6(uint workers) =>
    [
        new(LoadHalf, NetworkHeader + 40),
        .. new uint[] { 8, 12, 16, 20 }.SelectMany(at => new Instruction[] { new(CopyToX, 0), new(LoadWord, NetworkHeader + at), new(XorX, 0) }),
        .. Choose(workers),
    ];

    private static Instruction[] Choose(uint workers) => [new(Multiply, Multiplier), new(ShiftRight, 16), new(Remainder, workers), new(Return, 0)];

    private const ushort LoadWord = 0x20, LoadHalf = 0x28, LoadHalfFromX = 0x48, LoadHeaderLength = 0xB1, CopyToX = 0x07;
    private const ushort XorX = 0xAC, Multiply = 0x24, ShiftRight = 0x74, Remainder = 0x94, Return = 0x16;

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetOption(int descriptor, int level, int option, void* value, uint size);

    /// <summary><c>struct sock_filter</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Instruction(ushort code, uint k)
    {
        private readonly ushort code = code;
        private readonly byte whenTrue;
        private readonly byte whenFalse;
        private readonly uint k = k;
    }

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public Instruction* First;
    }
}
