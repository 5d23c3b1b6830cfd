using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NetDiscovery.Relay.Kernel.Bpf;

/// <summary>The system calls this project makes itself. Names and numbers are Linux's own.</summary>
internal static unsafe partial class SystemCalls
{
    public const int PermissionDenied = 1, NoEntry = 2, Again = 11, AccessDenied = 13, Busy = 16, Exists = 17, Invalid = 22, NoSpace = 28;

    private const int ReadWrite = 0x1 | 0x2, Shared = 0x1;
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>True where the numbers below and the byte order are the right ones.</summary>
    public static bool Supported => OperatingSystem.IsLinux() && BitConverter.IsLittleEndian && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary><c>bpf(2)</c>.</summary>
    /// <returns>A descriptor or 0; negative: the error number, negated.</returns>
    public static int Bpf<T>(BpfCommand command, ref T attributes)
        where T : unmanaged
    {
        fixed (T* pointer = &attributes)
        {
            var result = syscall(Arm ? 280 : 321, (long)command, pointer, sizeof(T));
            return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
        }
    }

    /// <summary>Waits until no program that was running when it was called still runs: <c>membarrier(MEMBARRIER_CMD_GLOBAL)</c> waits for an RCU grace period.</summary>
    /// <returns>False where the kernel can't.</returns>
    public static bool TryWaitForRunningPrograms() => syscall(Arm ? 283 : 324, 1, null, 0) == 0;

    public static byte* Map(SafeFileHandle descriptor, long size)
    {
        var address = mmap(0, (nuint)size, ReadWrite, Shared, descriptor, 0);
        return address != -1 ? (byte*)address : throw new BpfException("mmap", -Marshal.GetLastPInvokeError());
    }

    public static void Unmap(byte* address, long size) => munmap((nint)address, (nuint)size);

    /// <returns>True when <paramref name="folder"/> is on a file system that keeps eBPF objects.</returns>
    public static bool IsBpfFileSystem(string folder)
    {
        const long BpfMagic = 0xcafe4a11;
        var room = stackalloc long[32];
        return statfs(folder, room) == 0 && (room[0] & 0xffffffff) == BpfMagic;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long first, void* second, long third);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint size, int protection, int flags, SafeFileHandle descriptor, long offset);

    [LibraryImport("libc")]
    private static partial int munmap(nint address, nuint size);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statfs(string path, void* room);
}

/// <summary>What <c>bpf(2)</c> is asked for.</summary>
internal enum BpfCommand
{
    MapCreate = 0,
    MapLookup = 1,
    MapUpdate = 2,
    MapDelete = 3,
    ProgramLoad = 5,
    ObjectPin = 6,
    ObjectGet = 7,
    ProgramTestRun = 10,
    InfoByDescriptor = 15,
    LinkCreate = 28,
    LinkDetach = 34,
}
