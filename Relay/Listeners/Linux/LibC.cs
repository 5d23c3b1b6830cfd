using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// The system calls of the batched path, on 64-bit Linux. All arguments are blittable, so a call costs a transition and nothing is copied
/// or pinned for it. Errors: −1, and <see cref="Marshal.GetLastSystemError"/> read at once.
/// </summary>
internal static unsafe partial class LibC
{
    public const int EINTR = 4, EBADF = 9, EAGAIN = 11;
    public const int EMSGSIZE = 90;
    public const int MSG_DONTWAIT = 0x40, MSG_ERRQUEUE = 0x2000, MSG_NOSIGNAL = 0x4000;
    public const int AF_INET = 2, AF_INET6 = 10;
    public const int SOCK_DGRAM = 2, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;
    public const int SOL_SOCKET = 1, SO_SNDBUF = 7, SO_RCVBUF = 8, SO_REUSEPORT = 15, SO_PEERCRED = 17, SO_SNDBUFFORCE = 32, SO_RCVBUFFORCE = 33;
    public const int LOCK_UN = 8;
    public const int RUSAGE_THREAD = 1;
    public const int IPPROTO_IP = 0, IP_MTU_DISCOVER = 10, IP_PMTUDISC_DONT = 0, IP_PMTUDISC_DO = 2, IP_PMTUDISC_OMIT = 5, IP_RECVERR = 11;
    public const int IPPROTO_IPV6 = 41, IPV6_RECVERR = 25, IPV6_V6ONLY = 26, IPV6_DONTFRAG = 62;
    public const int SOL_UDP = 17, UDP_SEGMENT = 103, UDP_GRO = 104;
    public const int EPOLL_CLOEXEC = 0x80000, EPOLL_CTL_ADD = 1;
    public const uint EPOLLIN = 1, EPOLLOUT = 4, EPOLLERR = 8, EPOLLHUP = 16, EPOLLRDHUP = 0x2000, EPOLLET = 1u << 31;
    public const int EFD_CLOEXEC = 0x80000, EFD_NONBLOCK = 0x800;

    private const string Name = "libc";

    [LibraryImport(Name, EntryPoint = "socket")]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Name, EntryPoint = "bind")]
    public static partial int Bind(int descriptor, byte* address, uint size);

    [LibraryImport(Name, EntryPoint = "getsockname")]
    public static partial int GetSocketName(int descriptor, byte* address, uint* size);

    [LibraryImport(Name, EntryPoint = "setsockopt")]
    public static partial int SetOption(int descriptor, int level, int option, void* value, uint size);

    [LibraryImport(Name, EntryPoint = "getsockopt")]
    public static partial int GetOption(int descriptor, int level, int option, void* value, uint* size);

    [LibraryImport(Name, EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport(Name, EntryPoint = "recvmmsg")]
    public static partial int ReceiveMany(int descriptor, MessageHeader* messages, uint count, int flags, void* timeout);

    [LibraryImport(Name, EntryPoint = "sendmmsg")]
    public static partial int SendMany(int descriptor, MessageHeader* messages, uint count, int flags);

    [LibraryImport(Name, EntryPoint = "flock")]
    public static partial int FileLock(int descriptor, int operation);

    [LibraryImport(Name, EntryPoint = "sendmsg")]
    public static partial nint SendMessage(int descriptor, MessageHeader* message, int flags);

    [LibraryImport(Name, EntryPoint = "recvmsg", SetLastError = true)]
    public static partial nint ReceiveMessage(int descriptor, MessageHeader* message, int flags);

    [LibraryImport(Name, EntryPoint = "recv")]
    public static partial nint Receive(int descriptor, byte* bytes, nuint size, int flags);

    [LibraryImport(Name, EntryPoint = "sendto")]
    public static partial nint SendTo(int descriptor, byte* bytes, nuint size, int flags, byte* address, uint addressSize);

    [LibraryImport(Name, EntryPoint = "epoll_create1")]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Name, EntryPoint = "epoll_ctl")]
    public static partial int EpollControl(int epoll, int operation, int descriptor, byte* epollEvent);

    [LibraryImport(Name, EntryPoint = "epoll_wait")]
    public static partial int EpollWait(int epoll, byte* events, int most, int milliseconds);

    [LibraryImport(Name, EntryPoint = "eventfd")]
    public static partial int EventDescriptor(uint value, int flags);

    [LibraryImport(Name, EntryPoint = "write")]
    public static partial nint Write(int descriptor, void* bytes, nuint size);

    /// <summary>For calls that the C library has no function for. Numbers differ between architectures.</summary>
    [LibraryImport(Name, EntryPoint = "syscall")]
    public static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth);

    [LibraryImport(Name, EntryPoint = "getrusage")]
    public static partial int ResourceUsage(int who, long* usage);

    /// <summary>Sets an option that is an int.</summary>
    public static bool SetOption(int descriptor, int level, int option, int value) => SetOption(descriptor, level, option, &value, sizeof(int)) == 0;

    /// <returns>How often the calling thread has given up its processor by itself, to wait.</returns>
    public static long WaitsOfThisThread()
    {
        // struct rusage: 18 longs on 64-bit systems, the last but one is ru_nvcsw.
        var usage = stackalloc long[18];
        return ResourceUsage(RUSAGE_THREAD, usage) == 0 ? usage[16] : 0;
    }

    /// <returns>The process at the other end of a Unix socket, as it is numbered here; 0 when it can't be seen from here.</returns>
    public static int PeerProcess(int descriptor)
    {
        // struct ucred: process, user, group.
        var credentials = stackalloc int[3];
        uint size = 3 * sizeof(int);
        return GetOption(descriptor, SOL_SOCKET, SO_PEERCRED, credentials, &size) == 0 ? credentials[0] : 0;
    }

    /// <summary>Reads an option that is an int.</summary>
    /// <returns>False when the system does not tell.</returns>
    public static bool TryGetOption(int descriptor, int level, int option, out int value)
    {
        int read = 0;
        uint size = sizeof(int);
        var done = GetOption(descriptor, level, option, &read, &size) == 0;
        value = read;
        return done;
    }

    /// <summary><c>struct iovec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVector
    {
        public byte* Bytes;
        public nuint Size;
    }

    /// <summary><c>struct mmsghdr</c>; glibc and musl lay it out alike on little-endian 64-bit machines.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    internal struct MessageHeader
    {
        public byte* Address;
        public ulong AddressSize;
        public IoVector* Parts;
        public ulong PartCount;
        public byte* Control;
        public ulong ControlSize;
        public int Flags;
        private readonly int padding;

        /// <summary>Bytes received or sent.</summary>
        public uint Length;
    }
}
