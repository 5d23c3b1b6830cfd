using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A peer on loopback: a plain UDP socket.</summary>
internal sealed class Peer : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly UdpClient socket;

    /// <summary>Where peers are by default. The kernel takes no channel to the relay's own address: peers are at another one when it is to forward.</summary>
    public static IPAddress Usual { get; } = RelayFixture.KernelPath == RelayOptions.KernelPathOff ? IPAddress.Loopback : IPAddress.Parse("127.0.0.9");

    public Peer(IPAddress? address = null)
    {
        socket = new UdpClient(new IPEndPoint(address ?? Usual, 0));
        Address = TransportAddress.From((IPEndPoint)socket.Client.LocalEndPoint!);
    }

    public TransportAddress Address { get; }

    public Task SendAsync(byte[] data, TransportAddress to) => socket.SendAsync(data, to.ToIPEndPoint()).AsTask();

    public async Task<(byte[] Data, TransportAddress From)> ReceiveAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var result = await socket.ReceiveAsync(limit.Token);
            return (result.Buffer, TransportAddress.From(result.RemoteEndPoint));
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"No datagram has come to the peer at {Address} within {Limit.TotalSeconds:0} s.");
        }
    }

    /// <summary>Nothing has arrived that is not read yet. Only meaningful after something sent later has arrived elsewhere.</summary>
    public bool IsQuiet => socket.Available == 0;

    public void Dispose() => socket.Dispose();
}
