using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NetDiscovery.Hostile.Servers;
using NetDiscovery.Relay.Client;

namespace NetDiscovery.Hostile.Load;

/// <summary>One legitimate allocation and its peer, which sends everything back. Half of them use a channel, half Send indications.</summary>
internal sealed class Flow : IAsyncDisposable
{
    private readonly int index;
    private readonly TurnClient client;
    private readonly Socket peer = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly TransportAddress peerAddress;
    private readonly RoundTrips roundTrips;
    private readonly byte[] payload = new byte[Payload.Size];
    private int sent;

    private Flow(int index, TurnClient client, RoundTrips roundTrips)
    {
        this.index = index;
        this.client = client;
        this.roundTrips = roundTrips;
        peer.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        peerAddress = TransportAddress.From((IPEndPoint)peer.LocalEndPoint!);
    }

    /// <summary>Datagrams sent by the client.</summary>
    public int Sent => Volatile.Read(ref sent);

    /// <summary>What came to the peer.</summary>
    public Arrivals AtPeer { get; } = new();

    /// <summary>What came back to the client.</summary>
    public Arrivals AtClient { get; } = new();

    /// <summary>Control requests that got no answer or an error.</summary>
    public int Refused { get; private set; }

    /// <summary>The relayed transport address.</summary>
    public TransportAddress Relayed { get; private set; }

    public static async Task<Flow> OpenAsync(IServerUnderTest server, int index, RoundTrips roundTrips)
    {
        var client = await new TurnClient(new TurnClientOptions
        {
            Server = server.EndPoint,
            Transport = index % 4 == 3 ? ClientTransport.Tcp : ClientTransport.Udp,
            Username = server.Username,
            Password = server.Password,
        }).ConnectAsync();
        var flow = new Flow(index, client, roundTrips);
        client.DatagramReceived = flow.OnEcho;
        flow.Relayed = (await client.AllocateAsync(new AllocateOptions { LifetimeSeconds = 3600 })).Relayed;
        await flow.PermitAsync();
        _ = flow.EchoAsync();
        return flow;
    }

    /// <summary>Sends the next datagram.</summary>
    public void Send()
    {
        Payload.Write(payload, index, sent, Stopwatch.GetTimestamp());
        client.Send(peerAddress, payload);
        Volatile.Write(ref sent, sent + 1);
    }

    /// <summary>What a client does every few minutes: refreshes its allocation, and its permission or channel.</summary>
    public async Task RefreshAsync()
    {
        try
        {
            await client.RefreshAsync(3600);
            await PermitAsync();
        }
        catch (Exception exception) when (exception is StunErrorException or StunTimeoutException or IOException or ObjectDisposedException)
        {
            Refused++;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        peer.Dispose();
    }

    private Task PermitAsync() => index % 2 == 0 ? client.BindChannelAsync(peerAddress) : client.CreatePermissionAsync(peerAddress);

    private void OnEcho(TransportAddress from, ReadOnlyMemory<byte> data)
    {
        if (from != peerAddress)
        {
            // A permission is for all ports of an address (RFC 8656 §9): attackers on the peer's own address may send to this client.
            return;
        }

        var good = Payload.TryRead(data.Span, index, out var number, out var sentAt);
        AtClient.Note(good ? number : -1);
        if (good)
        {
            roundTrips.Add(sentAt);
        }
    }

    private async Task EchoAsync()
    {
        var buffer = new byte[2048];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        try
        {
            while (true)
            {
                var size = await peer.ReceiveFromAsync(buffer, SocketFlags.None, from);
                var good = Payload.TryRead(buffer.AsSpan(0, size), index, out var number, out _) && TransportAddress.TryFrom(from, out var sender) && sender == Relayed;
                AtPeer.Note(good ? number : -1);
                await peer.SendToAsync(buffer.AsMemory(0, size), SocketFlags.None, from);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }
}
