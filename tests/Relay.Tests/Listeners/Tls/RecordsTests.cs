using System.Net;
using System.Net.Sockets;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.Relay.Tests.Listeners.Dtls;

namespace NetDiscovery.Relay.Tests.Listeners.Tls;

/// <summary>What of the relay's messages shares a TLS record: nothing. coturn's client takes a record for a message.</summary>
[Collection(nameof(SslObjects))]
public sealed class RecordsTests
{
    private const int Datagrams = 200;
    private readonly CancellationToken cancel = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    [Fact]
    public async Task Every_message_of_a_burst_has_a_TLS_record_of_its_own()
    {
        await using var relay = RelayFixture.Start();
        using var wire = new RecordCounter(relay.TlsEndPoint);
        await using var client = await relay.ConnectAsync(
            ClientTransport.Tls, change: options => options with { Server = wire.EndPoint, TlsName = "localhost", CertificateValidation = (_, _, _, _) => true });
        using var peer = new UdpClient("127.0.0.1", (await client.AllocateAsync(cancellationToken: cancel)).Relayed.Port);
        await client.BindChannelAsync(TransportAddress.From((IPEndPoint)peer.Client.LocalEndPoint!), cancellationToken: cancel);
        var before = wire.Records;

        SendAtOnce(relay, peer);

        for (var i = 0; i < Datagrams; i++)
        {
            Assert.Equal(new[] { (byte)i, (byte)1 }, (await client.NextAsync($"datagram {i} of the burst")).Data.ToArray());
        }

        Assert.Equal(Datagrams, wire.Records - before);
    }

    // While the gates are taken nothing is relayed: afterwards all of it comes in one batch.
    private static void SendAtOnce(RelayFixture relay, UdpClient peer)
    {
        lock (relay.Server.Workers[0].Gate)
        {
            lock (relay.Server.Workers[1].Gate)
            {
                for (var i = 0; i < Datagrams; i++)
                {
                    peer.Send([(byte)i, 1]);
                }
            }
        }
    }
}
