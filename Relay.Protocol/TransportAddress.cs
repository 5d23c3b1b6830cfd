using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NetDiscovery.Relay.Protocol;

/// <summary>
/// A transport address (RFC 8656 §3): IP address, port and, for IPv6, the scope. A 24-byte value without references,
/// made to be a dictionary key on the packet path. IPv4 and IPv6 never compare equal, not even IPv4-mapped ones.
/// </summary>
/// <remarks>The hash is seeded per process: peers choose addresses and ports, and must not be able to choose collisions.</remarks>
[StructLayout(LayoutKind.Sequential)]
public readonly struct TransportAddress : IEquatable<TransportAddress>
{
    /// <summary>Bytes a native socket address of any family needs (<c>sockaddr_in6</c>).</summary>
    public const int MaxSockaddrSize = 28;

    private const int IPv4SockaddrSize = 16;
    private static readonly ulong SeedHigh = NewSeed();
    private static readonly ulong SeedLow = NewSeed();

    // The two family bytes as this platform writes them (number and byte order differ), learnt from the framework.
    private static readonly ushort IPv4Family = NativeFamily(AddressFamily.InterNetwork);
    private static readonly ushort IPv6Family = NativeFamily(AddressFamily.InterNetworkV6);

    private readonly ulong _high;       // IPv6: bytes 0..7, big-endian. IPv4: 0.
    private readonly ulong _low;        // IPv6: bytes 8..15, big-endian. IPv4: the 32-bit address.
    private readonly uint _scope;
    private readonly ushort _port;
    private readonly IPFamily _family;

    private TransportAddress(IPFamily family, ulong high, ulong low, ushort port, uint scope = 0)
    {
        _family = family;
        _high = high;
        _low = low;
        _port = port;
        _scope = scope;
    }

    /// <summary>Port, 0 to 65535, host byte order.</summary>
    public ushort Port => _port;

    /// <summary>Address family; <see cref="IPFamily.None"/> for the default value.</summary>
    public IPFamily Family => _family;

    /// <summary>True unless this is the default value.</summary>
    public bool IsSet => _family != IPFamily.None;

    /// <summary>True for an IPv6 address of the form <c>::ffff:a.b.c.d</c>.</summary>
    public bool IsIPv4Mapped => _family == IPFamily.IPv6 && _high == 0 && _low >> 32 == 0xFFFF;

    /// <summary>Bytes of the address: 4, 16, or 0 for the default value.</summary>
    public int AddressSize => _family switch { IPFamily.IPv4 => 4, IPFamily.IPv6 => 16, _ => 0 };

    /// <summary>Bytes of the native socket address <see cref="WriteSockaddr"/> writes: 16 or 28.</summary>
    public int SockaddrSize => _family == IPFamily.IPv6 ? MaxSockaddrSize : IPv4SockaddrSize;

    /// <summary>An IPv4 transport address from its 32-bit value in host byte order (192.0.2.1 is 0xC0000201).</summary>
    public static TransportAddress FromIPv4(uint address, ushort port) => new(IPFamily.IPv4, 0, address, port);

    /// <summary>An IPv6 transport address from its two halves in host byte order.</summary>
    public static TransportAddress FromIPv6(ulong high, ulong low, ushort port, uint scope = 0) => new(IPFamily.IPv6, high, low, port, scope);

    /// <returns>False when <paramref name="address"/> is neither 4 nor 16 bytes (network byte order).</returns>
    public static bool TryFrom(ReadOnlySpan<byte> address, ushort port, out TransportAddress result)
    {
        result = address.Length switch
        {
            4 => FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(address), port),
            16 => FromIPv6(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]), port),
            _ => default,
        };
        return result.IsSet;
    }

    /// <summary>Reads what a receive call left in <paramref name="source"/>. Does not allocate.</summary>
    /// <returns>False when it holds another family than IPv4 or IPv6.</returns>
    public static bool TryFrom(SocketAddress source, out TransportAddress result)
    {
        ArgumentNullException.ThrowIfNull(source);
        return TryReadSockaddr(source.Buffer.Span[..source.Size], out result);
    }

    /// <summary>Reads a native <c>sockaddr_in</c> or <c>sockaddr_in6</c>.</summary>
    /// <returns>False for another family or too few bytes.</returns>
    public static bool TryReadSockaddr(ReadOnlySpan<byte> sockaddr, out TransportAddress result)
    {
        result = default;
        if (sockaddr.Length < 8) return false;
        ushort family = MemoryMarshal.Read<ushort>(sockaddr);
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(sockaddr[2..]);
        if (family == IPv4Family) return TryFrom(sockaddr.Slice(4, 4), port, out result);
        if (family != IPv6Family || sockaddr.Length < MaxSockaddrSize) return false;
        result = FromIPv6(
            BinaryPrimitives.ReadUInt64BigEndian(sockaddr[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(sockaddr[16..]),
            port,
            MemoryMarshal.Read<uint>(sockaddr[24..]));
        return true;
    }

    /// <summary>Writes the native form and sets the size, so that <paramref name="target"/> can be given to a send call. Does not allocate.</summary>
    /// <param name="target">Made for IPv6 (28 bytes) when it has to take both families.</param>
    /// <exception cref="ArgumentException">The buffer is too small, or this is the default value: a bug of the caller.</exception>
    public void WriteTo(SocketAddress target)
    {
        ArgumentNullException.ThrowIfNull(target);
        target.Size = WriteSockaddr(target.Buffer.Span);
    }

    /// <summary>Writes a native <c>sockaddr_in</c> or <c>sockaddr_in6</c>.</summary>
    /// <returns>Bytes written: 16 or 28.</returns>
    /// <exception cref="ArgumentException">The buffer is too small, or this is the default value: a bug of the caller.</exception>
    public int WriteSockaddr(Span<byte> sockaddr)
    {
        if (!IsSet || sockaddr.Length < SockaddrSize) throw new ArgumentException("No address, or no room for it.", nameof(sockaddr));
        sockaddr = sockaddr[..SockaddrSize];
        sockaddr.Clear();
        MemoryMarshal.Write(sockaddr, _family == IPFamily.IPv4 ? IPv4Family : IPv6Family);
        BinaryPrimitives.WriteUInt16BigEndian(sockaddr[2..], _port);
        if (_family == IPFamily.IPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(sockaddr[4..], (uint)_low);
        }
        else
        {
            WriteAddress(sockaddr[8..]);
            MemoryMarshal.Write(sockaddr[24..], _scope);
        }

        return sockaddr.Length;
    }

    /// <summary>Writes the address bytes in network byte order.</summary>
    /// <returns>Bytes written: 4, 16, or 0 for the default value.</returns>
    public int WriteAddress(Span<byte> destination)
    {
        if (_family == IPFamily.IPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_low);
        }
        else if (_family == IPFamily.IPv6)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination, _high);
            BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _low);
        }

        return AddressSize;
    }

    /// <summary>Converts from the framework's type, keeping the family as it is.</summary>
    /// <exception cref="ArgumentException">Neither IPv4 nor IPv6.</exception>
    public static TransportAddress From(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        Span<byte> bytes = stackalloc byte[16];
        if (!endPoint.Address.TryWriteBytes(bytes, out int written) || !TryFrom(bytes[..written], (ushort)endPoint.Port, out TransportAddress result))
        {
            throw new ArgumentException("Neither IPv4 nor IPv6.", nameof(endPoint));
        }

        return written == 16 ? new(result._family, result._high, result._low, result._port, (uint)endPoint.Address.ScopeId) : result;
    }

    /// <summary>Parses <c>192.0.2.1:3478</c> or <c>[2001:db8::1]:3478</c>.</summary>
    /// <exception cref="FormatException">Not of that form.</exception>
    public static TransportAddress Parse(string text) => From(IPEndPoint.Parse(text));

    /// <returns>A new end point; allocates.</returns>
    public IPEndPoint ToIPEndPoint() => new(ToIPAddress(), _port);

    /// <returns>A new address; allocates. <see cref="IPAddress.None"/> for the default value.</returns>
    public IPAddress ToIPAddress()
    {
        if (!IsSet) return IPAddress.None;
        Span<byte> bytes = stackalloc byte[16];
        int size = WriteAddress(bytes);
        return size == 4 ? new IPAddress(bytes[..4]) : new IPAddress(bytes, _scope);
    }

    /// <returns>The same address with another port. Permissions are per address: key them with port 0.</returns>
    public TransportAddress WithPort(ushort port) => new(_family, _high, _low, port, _scope);

    /// <returns>The IPv4 address inside an IPv4-mapped IPv6 one, else the value itself. Dual-mode sockets hand out mapped ones; policies must see through them.</returns>
    public TransportAddress Unmapped() => IsIPv4Mapped ? FromIPv4((uint)_low, _port) : this;

    /// <summary>True when both addresses are equal, whatever the ports.</summary>
    public bool SameAddress(in TransportAddress other) =>
        _low == other._low && _high == other._high && _family == other._family && _scope == other._scope;

    /// <inheritdoc/>
    public bool Equals(TransportAddress other) => _port == other._port && SameAddress(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TransportAddress other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        ulong rest = ((ulong)_scope << 32) | ((uint)_port << 8) | (byte)_family;
        ulong folded = Fold(_low ^ SeedLow, rest ^ SeedHigh);
        if (_high != 0) folded = Fold(folded ^ _high, SeedHigh);

        // Once more: what differs by a constant step, as ports in turn do, lies in steps after one multiplication. With one seed of a thousand
        // ports in turn used three fifths of the buckets that random values use, or fewer.
        folded = Fold(folded, SeedLow);
        return (int)(folded ^ (folded >> 32));
    }

    /// <summary>Equality of address, port, family and scope.</summary>
    public static bool operator ==(TransportAddress left, TransportAddress right) => left.Equals(right);

    /// <summary>Inequality of address, port, family or scope.</summary>
    public static bool operator !=(TransportAddress left, TransportAddress right) => !left.Equals(right);

    /// <returns><c>192.0.2.1:49152</c> or <c>[2001:db8::1]:49152</c>; allocates.</returns>
    public override string ToString() => IsSet ? ToIPEndPoint().ToString() : "none";

    private static ulong Fold(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }

    private static ulong NewSeed()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return MemoryMarshal.Read<ulong>(bytes) | 1;
    }

    private static ushort NativeFamily(AddressFamily family) => MemoryMarshal.Read<ushort>(new SocketAddress(family).Buffer.Span);
}
