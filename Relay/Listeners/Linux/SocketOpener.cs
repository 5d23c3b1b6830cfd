using System.Net.Sockets;
using System.Runtime.InteropServices;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Listeners.Linux;

/// <summary>Opens UDP sockets as the batched path needs them: not blocking and without DF.</summary>
internal static unsafe class SocketOpener
{
    /// <summary>Opens and binds a socket.</summary>
    /// <param name="local">Address and port.</param>
    /// <param name="sharing">Who else may have the port.</param>
    /// <param name="bufferBytes">Kernel buffer in each direction.</param>
    /// <param name="coalesces">True: takes datagrams that arrive together as one.</param>
    /// <param name="bound">What it is bound to.</param>
    /// <param name="error">Why it failed.</param>
    /// <returns>The descriptor, or −1.</returns>
    public static int TryOpen(in TransportAddress local, PortSharing sharing, int bufferBytes, bool coalesces, out TransportAddress bound, out SocketError error)
    {
        var ipv6 = local.Family == IPFamily.IPv6;
        bound = local;
        var descriptor = LibC.Socket(ipv6 ? LibC.AF_INET6 : LibC.AF_INET, LibC.SOCK_DGRAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
        {
            error = ErrorOf(Marshal.GetLastSystemError());
            return -1;
        }

        // Linux would set DF on everything that fits the path; without DONT-FRAGMENT a relay must not (RFC 8656 §15).
        _ = ipv6
            ? LibC.SetOption(descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_V6ONLY, 1)
            : LibC.SetOption(descriptor, LibC.IPPROTO_IP, LibC.IP_MTU_DISCOVER, LibC.IP_PMTUDISC_DONT);
        if (sharing == PortSharing.Further)
        {
            LibC.SetOption(descriptor, LibC.SOL_SOCKET, LibC.SO_REUSEPORT, 1);
        }

        // With CAP_NET_ADMIN beyond the system's limits (net.core.rmem_max, wmem_max): a burst of strangers must not push clients' datagrams out.
        _ = LibC.SetOption(descriptor, LibC.SOL_SOCKET, LibC.SO_RCVBUFFORCE, bufferBytes) || LibC.SetOption(descriptor, LibC.SOL_SOCKET, LibC.SO_RCVBUF, bufferBytes);
        _ = LibC.SetOption(descriptor, LibC.SOL_SOCKET, LibC.SO_SNDBUFFORCE, bufferBytes) || LibC.SetOption(descriptor, LibC.SOL_SOCKET, LibC.SO_SNDBUF, bufferBytes);
        if (coalesces)
        {
            LibC.SetOption(descriptor, LibC.SOL_UDP, LibC.UDP_GRO, 1);
        }

        var address = stackalloc byte[TransportAddress.MaxSockaddrSize];
        var size = (uint)local.WriteSockaddr(new Span<byte>(address, TransportAddress.MaxSockaddrSize));
        if (LibC.Bind(descriptor, address, size) != 0
            || (local.Port == 0 && LibC.GetSocketName(descriptor, address, &size) != 0)
            || !TransportAddress.TryReadSockaddr(new ReadOnlySpan<byte>(address, (int)size), out bound)
            || (sharing == PortSharing.First && !LibC.SetOption(descriptor, LibC.SOL_SOCKET, LibC.SO_REUSEPORT, 1)))
        {
            error = ErrorOf(Marshal.GetLastSystemError());
            _ = LibC.Close(descriptor);
            return -1;
        }

        error = SocketError.Success;
        return descriptor;
    }

    private static SocketError ErrorOf(int number) => number switch
    {
        1 or 13 => SocketError.AccessDenied,
        12 or 105 => SocketError.NoBufferSpaceAvailable,
        23 or 24 => SocketError.TooManyOpenSockets,
        97 => SocketError.AddressFamilyNotSupported,
        98 => SocketError.AddressAlreadyInUse,
        99 => SocketError.AddressNotAvailable,
        _ => SocketError.SocketError,
    };
}
