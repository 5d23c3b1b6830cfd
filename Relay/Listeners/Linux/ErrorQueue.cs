using System.Runtime.InteropServices;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Attributes;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>
/// Reads the errors that Linux keeps for a socket with <c>IP_RECVERR</c> or <c>IPV6_RECVERR</c>: ICMP that named one of its datagrams, and
/// datagrams refused for their length. One for each worker, used inside it only; allocated once.
/// </summary>
internal sealed unsafe class ErrorQueue : IDisposable
{
    private const int ControlSize = 512;

    // struct cmsghdr: size_t length, int level, int type. struct sock_extended_err: u32 errno, u8 origin, type, code, pad, u32 info, u32 data.
    private const int ControlHeader = 16;
    private const int ExtendedError = 16;
    private const byte OriginLocal = 1, OriginIcmp = 2, OriginIcmpV6 = 3;

    private readonly byte* address = (byte*)NativeMemory.AllocZeroed(TransportAddress.MaxSockaddrSize);
    private readonly byte* control = (byte*)NativeMemory.AlignedAlloc(ControlSize, 64);
    private readonly LibC.MessageHeader* message = (LibC.MessageHeader*)NativeMemory.AllocZeroed((nuint)sizeof(LibC.MessageHeader));

    /// <summary>Has the system keep errors of a socket.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="ipv6">Its family.</param>
    public static bool TryOpen(int descriptor, bool ipv6)
    {
        if (ipv6)
        {
            return LibC.SetOption(descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_RECVERR, 1);
        }

        // Without DF, like IP_PMTUDISC_DONT, but told of "fragmentation needed"; and forged ones change no route (see ip(7)).
        return LibC.SetOption(descriptor, LibC.IPPROTO_IP, LibC.IP_MTU_DISCOVER, LibC.IP_PMTUDISC_OMIT)
            && LibC.SetOption(descriptor, LibC.IPPROTO_IP, LibC.IP_RECVERR, 1);
    }

    /// <summary>Takes one error out of a socket's queue.</summary>
    /// <param name="descriptor">The socket.</param>
    /// <param name="to">Where the datagram was sent to; for one the system refused itself, the port may be 0.</param>
    /// <param name="error">The error; type 0 for one that is no ICMP.</param>
    /// <param name="refused">True for a datagram the system refused itself, as too long to go without fragments.</param>
    /// <returns>False when the queue is empty.</returns>
    public bool TryTake(int descriptor, out TransportAddress to, out Icmp error, out bool refused)
    {
        (error, refused) = (default, false);
        message->Address = address;
        message->AddressSize = TransportAddress.MaxSockaddrSize;
        message->Control = control;
        message->ControlSize = ControlSize;
        if (LibC.ReceiveMessage(descriptor, message, LibC.MSG_ERRQUEUE | LibC.MSG_DONTWAIT) < 0)
        {
            to = default;
            return false;
        }

        if (TransportAddress.TryReadSockaddr(new ReadOnlySpan<byte>(address, (int)(uint)message->AddressSize), out to))
        {
            error = Find(new ReadOnlySpan<byte>(control, (int)message->ControlSize), to.Family == IPFamily.IPv6, out refused);
        }

        return true;
    }

    /// <summary>Finds the error among a message's control data.</summary>
    /// <param name="controls">Control messages as <c>recvmsg</c> leaves them.</param>
    /// <param name="ipv6">The datagram's family.</param>
    /// <param name="refused">As <see cref="TryTake"/> tells it.</param>
    internal static Icmp Find(ReadOnlySpan<byte> controls, bool ipv6, out bool refused)
    {
        refused = false;
        var (level, type) = ipv6 ? (LibC.IPPROTO_IPV6, LibC.IPV6_RECVERR) : (LibC.IPPROTO_IP, LibC.IP_RECVERR);
        while (controls.Length >= ControlHeader)
        {
            var length = MemoryMarshal.Read<ulong>(controls);
            if (length < ControlHeader || length > (ulong)controls.Length)
            {
                return default;
            }

            if (MemoryMarshal.Read<int>(controls[8..]) == level && MemoryMarshal.Read<int>(controls[12..]) == type && length >= ControlHeader + ExtendedError)
            {
                return Read(controls.Slice(ControlHeader, ExtendedError), ipv6, out refused);
            }

            controls = controls[(int)Math.Min((length + 7) & ~7UL, (ulong)controls.Length)..];
        }

        return default;
    }

    public void Dispose()
    {
        NativeMemory.Free(address);
        NativeMemory.AlignedFree(control);
        NativeMemory.Free(message);
    }

    private static Icmp Read(ReadOnlySpan<byte> error, bool ipv6, out bool refused)
    {
        var (number, origin, info) = (MemoryMarshal.Read<int>(error), error[4], MemoryMarshal.Read<uint>(error[8..]));
        refused = origin == OriginLocal && number == LibC.EMSGSIZE;
        if (refused)
        {
            // What the first router would have said, had the packet got that far.
            return ipv6 ? new Icmp(2, 0, info) : new Icmp(3, 4, info);
        }

        if (origin != (ipv6 ? OriginIcmpV6 : OriginIcmp))
        {
            return default;
        }

        var (icmpType, code) = (error[5], error[6]);
        return new Icmp(icmpType, code, (ipv6 ? icmpType == 2 : icmpType == 3 && code == 4) ? info : 0);
    }
}
