using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NetDiscovery.Relay.Listeners.Linux;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A UDP socket on loopback that sees and sets TTL (hop limit) and traffic class (DSCP and ECN) of its datagrams. Linux.</summary>
internal sealed unsafe class HeaderSocket : IDisposable
{
    // ip(7), ipv6(7): option and control message for receiving, and the option for sending.
    private static readonly (int Level, int Receive, int Control, int Send) Ttl4 = (0, 12, 2, 2), Class4 = (0, 13, 1, 1), Ttl6 = (41, 51, 52, 16), Class6 = (41, 66, 67, 67);
    private readonly Socket socket;
    private readonly (int Level, int Receive, int Control, int Send) ttl, trafficClass;

    public HeaderSocket(IPAddress address)
    {
        (ttl, trafficClass) = address.AddressFamily == AddressFamily.InterNetwork ? (Ttl4, Class4) : (Ttl6, Class6);
        socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        Set(ttl.Level, ttl.Receive, 1);
        Set(trafficClass.Level, trafficClass.Receive, 1);
        Address = TransportAddress.From((IPEndPoint)socket.LocalEndPoint!);
    }

    public TransportAddress Address { get; }

    /// <summary>From now on datagrams leave with these.</summary>
    public void Mark(int hops, int @class)
    {
        Set(ttl.Level, ttl.Send, hops);
        Set(trafficClass.Level, trafficClass.Send, @class);
    }

    public void Send(ReadOnlySpan<byte> data, TransportAddress to) => socket.SendTo(data, to.ToIPEndPoint());

    /// <summary>The next datagram within 30 s.</summary>
    public Task<(byte[] Data, TransportAddress From, int Hops, int Class)> ReceiveAsync() => Task.Run(
        () => HasOne(TimeSpan.FromSeconds(30)) ? Receive() : throw new TimeoutException($"No datagram at {Address} in 30 s"));

    /// <summary>Waits for a datagram.</summary>
    public bool HasOne(TimeSpan limit) => socket.Poll(limit, SelectMode.SelectRead);

    public void Dispose() => socket.Dispose();

    /// <summary>The datagram that is there.</summary>
    public (byte[] Data, TransportAddress From, int Hops, int Class) Receive()
    {
        const int Size = 2048, ControlSize = 256, ControlHeader = 16;
        byte* bytes = stackalloc byte[Size], control = stackalloc byte[ControlSize], address = stackalloc byte[TransportAddress.MaxSockaddrSize];
        var part = new LibC.IoVector { Bytes = bytes, Size = Size };
        var message = new LibC.MessageHeader { Address = address, AddressSize = TransportAddress.MaxSockaddrSize, Parts = &part, PartCount = 1, Control = control, ControlSize = ControlSize };
        var length = LibC.ReceiveMessage((int)socket.Handle, &message, LibC.MSG_DONTWAIT);
        Assert.True(length >= 0, $"recvmsg: {Marshal.GetLastSystemError()}");
        Assert.True(TransportAddress.TryReadSockaddr(new ReadOnlySpan<byte>(address, (int)message.AddressSize), out var from));
        var (hops, @class) = (-1, -1);
        for (var controls = new ReadOnlySpan<byte>(control, (int)message.ControlSize); controls.Length > ControlHeader;)
        {
            var (size, level, type) = ((int)MemoryMarshal.Read<ulong>(controls), MemoryMarshal.Read<int>(controls[8..]), MemoryMarshal.Read<int>(controls[12..]));

            // The class of IPv4 is one byte, all others are ints.
            var value = size == ControlHeader + 1 ? controls[ControlHeader] : MemoryMarshal.Read<int>(controls[ControlHeader..]);
            hops = (level, type) == (ttl.Level, ttl.Control) ? value : hops;
            @class = (level, type) == (trafficClass.Level, trafficClass.Control) ? value : @class;
            controls = controls[Math.Min((size + 7) & ~7, controls.Length)..];
        }

        return (new ReadOnlySpan<byte>(bytes, (int)length).ToArray(), from, hops, @class);
    }

    private void Set(int level, int option, int value) => socket.SetRawSocketOption(level, option, BitConverter.GetBytes(value));
}
