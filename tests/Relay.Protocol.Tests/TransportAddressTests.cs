using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using CsCheck;

namespace NetDiscovery.Relay.Protocol.Tests;

public class TransportAddressTests
{
    [Fact]
    public void Is_at_most_24_bytes_and_holds_no_reference()
    {
        Assert.True(Unsafe.SizeOf<TransportAddress>() <= 24);
        Assert.False(RuntimeHelpers.IsReferenceOrContainsReferences<TransportAddress>());
    }

    [Theory]
    [InlineData("192.0.2.1:3478")]
    [InlineData("0.0.0.0:0")]
    [InlineData("255.255.255.255:65535")]
    [InlineData("[2001:db8::1]:49152")]
    [InlineData("[::]:1")]
    [InlineData("[fe80::1%7]:1")]
    [InlineData("[::ffff:192.0.2.1]:3478")]
    public void Survives_text_end_point_and_socket_address(string text)
    {
        TransportAddress address = TransportAddress.Parse(text);
        Assert.Equal(text, address.ToString());
        Assert.Equal(IPEndPoint.Parse(text), address.ToIPEndPoint());

        SocketAddress native = IPEndPoint.Parse(text).Serialize();
        Assert.True(TransportAddress.TryFrom(native, out TransportAddress read));
        Assert.Equal(address, read);

        var written = new SocketAddress(AddressFamily.InterNetworkV6);
        address.WriteTo(written);
        Assert.Equal(native.Buffer[..native.Size].ToArray(), written.Buffer[..written.Size].ToArray());
        Assert.Equal(native.Size, address.SockaddrSize);
    }

    [Fact]
    public void IPv4_and_IPv6_never_compare_equal()
    {
        TransportAddress v4 = TransportAddress.Parse("192.0.2.1:1");
        Assert.NotEqual(v4, TransportAddress.Parse("[::192.0.2.1]:1"));
        Assert.NotEqual(v4, TransportAddress.Parse("[::ffff:192.0.2.1]:1"));
        Assert.Equal(v4, TransportAddress.Parse("[::ffff:192.0.2.1]:1").Unmapped());
        Assert.NotEqual(default, TransportAddress.Parse("0.0.0.0:0"));
        Assert.NotEqual(TransportAddress.Parse("0.0.0.0:0"), TransportAddress.Parse("[::]:0"));
    }

    [Fact]
    public void Equality_is_that_of_bytes_and_port() =>
        Gen.Select(Gen.OneOf(Gen.Byte.Array[4], Gen.Byte.Array[16]), Gen.UShort, Gen.Int[0, 17]).Sample(c =>
        {
            (byte[] bytes, ushort port, int change) = c;
            TransportAddress.TryFrom(bytes, port, out TransportAddress a);
            TransportAddress.TryFrom(bytes, port, out TransportAddress b);
            if (a != b || a.GetHashCode() != b.GetHashCode()) return false;
            byte[] changed = [.. bytes];
            if (change < bytes.Length) changed[change] ^= 1;
            else port ^= 1;
            TransportAddress.TryFrom(changed, port, out TransportAddress other);
            return a != other && a.SameAddress(other) == (change >= bytes.Length) && a.WithPort(0).Equals(other.WithPort(0)) == (change >= bytes.Length);
        });

    [Theory]
    [InlineData("IPv4 ports")]
    [InlineData("IPv4 addresses")]
    [InlineData("IPv6 ports")]
    [InlineData("IPv6 hosts")]
    [InlineData("IPv6 prefixes")]
    public void Hashes_of_neighbours_spread(string which)
    {
        var low = new HashSet<int>();
        for (int i = 0; i < 4096; i++)
        {
            TransportAddress neighbour = which switch
            {
                "IPv4 ports" => TransportAddress.FromIPv4(0xC0000201, (ushort)i),
                "IPv4 addresses" => TransportAddress.FromIPv4(0x0A000000 + (uint)i, 3478),
                "IPv6 ports" => TransportAddress.Parse($"[2001:db8::1]:{i}"),
                "IPv6 hosts" => TransportAddress.Parse($"[2001:db8::{i:x}]:3478"),
                _ => TransportAddress.Parse($"[2001:db8:0:{i:x}::1]:3478"),
            };
            low.Add(neighbour.GetHashCode() & 0xFFF);
        }

        // 4096 balls in 4096 bins leave 63 % of the bins used when they fall at random: 2589, and hardly ever less than 2500.
        Assert.InRange(low.Count, 2400, 4096);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(15)]
    [InlineData(27)]
    public void A_short_or_foreign_sockaddr_is_refused(int size)
    {
        byte[] v6 = IPEndPoint.Parse("[2001:db8::1]:1").Serialize().Buffer[..28].ToArray();
        Assert.False(TransportAddress.TryReadSockaddr(v6.AsSpan(0, size), out _));
        v6[0] ^= 0x55;
        Assert.False(TransportAddress.TryReadSockaddr(v6, out _));
        Assert.False(TransportAddress.TryFrom(new byte[5], 1, out _));
    }

    [Fact]
    public void The_default_value_is_no_address()
    {
        Assert.False(default(TransportAddress).IsSet);
        Assert.Equal("none", default(TransportAddress).ToString());
        Assert.Throws<ArgumentException>(() => default(TransportAddress).WriteTo(new SocketAddress(AddressFamily.InterNetworkV6)));
    }
}
