using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// An epoll instance and the events of the last wait. Sockets are edge-triggered: whoever is told of one reads until it is empty, or
/// remembers that it is not.
/// </summary>
internal sealed unsafe class Epoll : IDisposable
{
    /// <summary>Events taken by one wait.</summary>
    public const int MaxEvents = 256;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int EventSize = DataOffset + 8;

    private readonly Lock wakes = new();
    private readonly int epoll;
    private readonly int waker;
    private bool disposed;
    private readonly byte* events = (byte*)NativeMemory.AllocZeroed((nuint)(MaxEvents * EventSize));

    /// <exception cref="IOException">The system has no epoll or no descriptor left.</exception>
    public Epoll()
    {
        epoll = LibC.EpollCreate(LibC.EPOLL_CLOEXEC);
        waker = LibC.EventDescriptor(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK);
        if (epoll < 0 || waker < 0 || !Add(waker, WakeKey, LibC.EPOLLIN | LibC.EPOLLET))
        {
            throw new IOException($"epoll can't be used: error {Marshal.GetLastSystemError()}");
        }
    }

    /// <summary>The key that tells of <see cref="Wake"/>.</summary>
    public static ulong WakeKey => ulong.MaxValue;

    /// <summary>Adds a socket; what it has received already counts as an event.</summary>
    /// <param name="descriptor">The system's number for it.</param>
    /// <param name="key">What its events carry.</param>
    /// <param name="wanted">The events to tell of.</param>
    public bool Add(int descriptor, ulong key, uint wanted)
    {
        var added = stackalloc byte[16];
        Unsafe.WriteUnaligned(added, wanted);
        Unsafe.WriteUnaligned(added + DataOffset, key);
        return LibC.EpollControl(epoll, LibC.EPOLL_CTL_ADD, descriptor, added) == 0;
    }

    /// <summary>Waits until something happened.</summary>
    /// <param name="block">False: only looks.</param>
    /// <returns>How many events there are; 0 also when a signal interrupted.</returns>
    public int Wait(bool block) => Math.Max(0, LibC.EpollWait(epoll, events, MaxEvents, block ? -1 : 0));

    /// <summary>The key of an event of the last wait.</summary>
    public ulong KeyOf(int index) => Unsafe.ReadUnaligned<ulong>(events + (index * EventSize) + DataOffset);

    /// <summary>What happened, of an event of the last wait. An error may also be one kept in the socket's error queue.</summary>
    public uint EventsOf(int index) => Unsafe.ReadUnaligned<uint>(events + (index * EventSize));

    /// <summary>Ends a wait, from any thread.</summary>
    public void Wake()
    {
        lock (wakes)
        {
            if (!disposed)
            {
                var one = 1UL;
                _ = LibC.Write(waker, &one, sizeof(ulong));
            }
        }
    }

    /// <summary>Called by the waiting thread, which waits no more.</summary>
    public void Dispose()
    {
        lock (wakes)
        {
            disposed = true;
            _ = LibC.Close(epoll);
            _ = LibC.Close(waker);
            NativeMemory.Free(events);
        }
    }
}
