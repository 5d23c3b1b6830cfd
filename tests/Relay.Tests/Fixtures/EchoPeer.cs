using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.Relay.Tests.Fixtures;

/// <summary>A peer on loopback that sends every datagram back to where it came from.</summary>
internal sealed class EchoPeer : IDisposable
{
    private readonly UdpClient socket = new(new IPEndPoint(Peer.Usual, 0));

    public EchoPeer()
    {
        Address = TransportAddress.From((IPEndPoint)socket.Client.LocalEndPoint!);
        _ = EchoAsync();
    }

    public TransportAddress Address { get; }

    public void Dispose() => socket.Dispose();

    private async Task EchoAsync()
    {
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync();
                await socket.SendAsync(received.Buffer, received.RemoteEndPoint);
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }
}
