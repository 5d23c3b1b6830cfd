using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using NetDiscovery.Grains.Interfaces.Addresses;
using NetDiscovery.Grains.Interfaces.Tenants;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Dtls;
using NetDiscovery.Relay.Hosting;
using NetDiscovery.Relay.Listeners.Tls;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.Relay.Tests.Listeners.Dtls;
using NetDiscovery.Relay.Tests.Listeners.Tls;
using NetDiscovery.TestKit;

namespace NetDiscovery.Relay.Tests.Listeners;

/// <summary>A relay's TLS and DTLS listeners from outside.</summary>
[Collection(nameof(SslObjects))]
public sealed class SecureListenerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly CancellationToken cancel = new CancellationTokenSource(Limit).Token;

    [Theory, InlineData(ClientTransport.Tls), InlineData(ClientTransport.Dtls)]
    public async Task Binding_allocation_channel_and_data_both_ways_counted_without_the_records(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        using var peer = new EchoPeer();
        await using var client = await ConnectAsync(relay, transport);
        Assert.Equal(client.Local, (await client.BindingAsync(cancellationToken: cancel)).Mapped);
        var (bindingSent, bindingReceived) = (client.Counters.LegBytesSent, client.Counters.LegBytesReceived);
        await client.AllocateAsync(cancellationToken: cancel);
        await client.BindChannelAsync(peer.Address, cancellationToken: cancel);
        for (var size = 1; size < 1_200; size += 97)
        {
            var data = Enumerable.Range(0, size).Select(i => (byte)i).ToArray();
            await client.SendAsync(peer.Address, data, cancel);
            Assert.Equal(data, (await client.NextAsync($"{size} bytes back from the peer")).Data.ToArray());
        }

        var allocation = relay.Server.Workers.SelectMany(Allocations).Single();
        Assert.Equal(transport == ClientTransport.Tls ? Transport.Tls : Transport.Dtls, allocation.FiveTuple.Transport);
        Assert.Equal(client.Counters.PayloadBytesSent, allocation.Counters.BytesToPeer);
        Assert.Equal(client.Counters.PayloadBytesReceived, allocation.Counters.BytesFromPeer);

        // Binding and challenge aside, what the client put into its leg and took out of it is what the relay counted.
        Assert.Equal(client.Counters.LegBytesSent - client.Counters.RefusedBytesSent - bindingSent, allocation.Counters.BytesFromClient);
        Assert.Equal(client.Counters.LegBytesReceived - client.Counters.RefusedBytesReceived - bindingReceived, allocation.Counters.BytesToClient);
        await client.RefreshAsync(0, cancellationToken: cancel);
        await Eventually.EventuallyAsync(() => relay.Server.Allocations == 0, Limit, "the allocation ended");
    }

    [Theory, InlineData(ClientTransport.Tls), InlineData(ClientTransport.Dtls)]
    public async Task Allocation_ends_with_its_connection(ClientTransport transport)
    {
        await using var relay = RelayFixture.Start();
        var client = await ConnectAsync(relay, transport);
        await client.AllocateAsync(cancellationToken: cancel);
        Assert.Equal(1, relay.Server.Allocations);
        await client.DisposeAsync();
        await Eventually.EventuallyAsync(() => relay.Server.Allocations == 0, Limit, "the allocation ended");
    }

    [Theory, InlineData(ClientTransport.Tls), InlineData(ClientTransport.Dtls)]
    public async Task New_certificate_serves_new_clients_while_an_allocation_relays_on(ClientTransport transport)
    {
        using var folder = new TempFolder();
        var files = new CertificateFiles(Path.Combine(folder.Path, "certificate.pem"), Path.Combine(folder.Path, "key.pem"));
        using var first = TestCertificate.Create("first");
        using var second = TestCertificate.Create("second");
        TestCertificate.Write(first, files.CertificatePath, files.KeyPath);
        await using var relay = RelayFixture.Start(options => (options.CertificatePath, options.CertificateKeyPath) = (files.CertificatePath, files.KeyPath));
        using var peer = new EchoPeer();
        var shown = new List<string>();
        await using var old = await ConnectAsync(relay, transport, shown);
        await old.AllocateAsync(cancellationToken: cancel);
        await old.BindChannelAsync(peer.Address, cancellationToken: cancel);

        TestCertificate.Write(second, files.CertificatePath, files.KeyPath);
        var rounds = 0;
        do
        {
            await old.SendAsync(peer.Address, new byte[100], cancel);
            Assert.Equal(100, (await old.NextAsync("the peer's echo under the old certificate")).Data.Length);
            await using var fresh = await ConnectAsync(relay, transport, shown);
            rounds++;
        }
        while (shown[^1] != second.Thumbprint && !cancel.IsCancellationRequested);

        Assert.Equal(first.Thumbprint, shown[0]);
        Assert.Equal(second.Thumbprint, shown[^1]);
        await old.SendAsync(peer.Address, new byte[100], cancel);
        Assert.Equal(100, (await old.NextAsync("the peer's echo under the old certificate")).Data.Length);
        Assert.Equal(1, relay.Server.Allocations);
    }

    [Fact]
    public async Task Slow_TLS_handshake_is_cut()
    {
        await using var relay = RelayFixture.Start(options => options.HandshakeSeconds = 1);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(relay.TlsEndPoint, cancel);
        await socket.SendAsync(new byte[] { 22, 3, 1 }, cancel);
        Assert.True(await EndAsync(socket));
    }

    [Fact]
    public async Task Handshakes_from_one_source_are_limited()
    {
        await using var relay = RelayFixture.Start(options => options.MaxHandshakesPerSource = 2);
        var sockets = new List<Socket>();
        for (var i = 0; i < 3; i++)
        {
            sockets.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await sockets[i].ConnectAsync(relay.TlsEndPoint, cancel);
        }

        Assert.True(await EndAsync(sockets[2]));
        sockets.ForEach(socket => socket.Dispose());
        await Eventually.EventuallyAsync(() => TryConnect(relay), Limit, "a handshake is admitted again");
    }

    [Fact]
    public async Task Garbage_and_plain_STUN_on_the_DTLS_port_get_no_answer_and_make_no_state()
    {
        await using var relay = RelayFixture.Start();
        var live = DtlsAssociation.Live;
        using var socket = new UdpClient();
        socket.Connect(relay.TlsEndPoint);
        var random = new Random(5349);
        for (var i = 0; i < 2_000; i++)
        {
            var garbage = new byte[random.Next(1, 1_400)];
            random.NextBytes(garbage);
            await socket.SendAsync(garbage, cancel);
        }

        byte[] binding = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, .. new byte[12]];
        await socket.SendAsync(binding, cancel);

        // The handshake behind all of it: whatever comes before its cookie would be an answer to garbage.
        await using var client = await ConnectAsync(relay, ClientTransport.Dtls);
        await client.BindingAsync(cancellationToken: cancel);
        Assert.Equal(0, socket.Available);
        Assert.Equal(live + 2, DtlsAssociation.Live);
    }

    [Fact]
    public async Task TLS_1_2_and_1_3_agree_on_stun_turn_and_foreign_protocols_are_refused()
    {
        await using var relay = RelayFixture.Start();
        foreach (var version in (SslProtocols[])[SslProtocols.Tls12, SslProtocols.Tls13])
        {
            using var stream = await OpenTlsAsync(relay, version, "h2", "stun.nat-discovery", "stun.turn");
            Assert.Equal("stun.turn", stream.NegotiatedApplicationProtocol.ToString());
            using var plain = await OpenTlsAsync(relay, version);
            Assert.Equal("", plain.NegotiatedApplicationProtocol.ToString());
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                using var web = await OpenTlsAsync(relay, version, "h2", "http/1.1");
                await web.ReadExactlyAsync(new byte[1], cancel);
            });
        }
    }

    [Fact]
    public async Task Every_TLS_port_is_served_and_announced_for_both_transports()
    {
        var further = FreePort.TcpAndUdp();
        await using var relay = RelayFixture.Start(options => options.TlsPorts = [further]);
        await Eventually.EventuallyAsync(() => relay.Cluster.Announcement is not null, Limit, "the relay registered");
        Assert.Equal(
            [$"Tls:{relay.Options.TlsPort}", $"Tls:{further}", $"Dtls:{relay.Options.TlsPort}", $"Dtls:{further}"],
            relay.Cluster.Announcement!.Listeners.Skip(2).Select(listener => $"{listener.Transport}:{listener.Port}"));
        foreach (var transport in (ClientTransport[])[ClientTransport.Tls, ClientTransport.Dtls])
        {
            await using var client = await ConnectAsync(relay, transport, port: further);
            await client.BindingAsync(cancellationToken: cancel);
        }
    }

    [Theory, InlineData(ClientTransport.Tls), InlineData(ClientTransport.Dtls)]
    public async Task Tenant_that_does_not_allow_the_transport_is_refused(ClientTransport transport)
    {
        var tenant = new TestTenant(DiscoveryConfiguration.Default with { Transports = [transport == ClientTransport.Tls ? "dtls" : "tls"] });
        await using var relay = RelayFixture.Start(tenant: tenant);
        await using var refused = await ConnectAsync(relay, transport);
        var error = await Assert.ThrowsAsync<StunErrorException>(() => refused.AllocateAsync(cancellationToken: cancel));
        Assert.Equal((int)StunErrorCode.Forbidden, error.Code);
        await using var allowed = await ConnectAsync(relay, transport == ClientTransport.Tls ? ClientTransport.Dtls : ClientTransport.Tls);
        await allowed.AllocateAsync(cancellationToken: cancel);
    }

    [Fact]
    public async Task Self_signed_certificate_survives_a_restart()
    {
        await using var relay = RelayFixture.Start();
        var shown = new List<string>();
        await using (await ConnectAsync(relay, ClientTransport.Tls, shown))
        {
        }

        await relay.Server.DisposeAsync();
        relay.StartServer();
        await using (await ConnectAsync(relay, ClientTransport.Dtls, shown))
        {
        }

        Assert.Equal(shown[0], shown[1]);
    }

    [Fact]
    public async Task Stopping_relay_says_goodbye_to_DTLS_clients()
    {
        await using var relay = RelayFixture.Start();
        await using var client = await ConnectAsync(relay, ClientTransport.Dtls);
        await client.BindingAsync(cancellationToken: cancel);
        await relay.Server.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => client.Closed.WaitAsync(Limit));
    }

    private static IEnumerable<Allocation> Allocations(Worker worker)
    {
        var found = new List<Allocation>();
        lock (worker.Gate)
        {
            worker.Table.CloseWhere(allocation =>
            {
                found.Add(allocation);
                return null;
            });
        }

        return found;
    }

    private async Task<TurnClient> ConnectAsync(RelayFixture relay, ClientTransport transport, List<string>? shown = null, int? port = null)
    {
        var credential = relay.Mint();
        var client = new TurnClient(new TurnClientOptions
        {
            Server = new IPEndPoint(IPAddress.Loopback, port ?? relay.Options.TlsPort),
            Transport = transport,
            Username = credential.Username,
            Password = credential.Password,
            TlsName = "localhost",
            RetransmissionTimeout = Limit,
            CertificateValidation = (_, certificate, _, _) =>
            {
                shown?.Add(((X509Certificate2)certificate!).Thumbprint);
                return true;
            },
        });
        return await client.ConnectAsync(cancel);
    }

    private async Task<SslStream> OpenTlsAsync(RelayFixture relay, SslProtocols version, params string[] protocols)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(relay.TlsEndPoint, cancel);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = version,
                ApplicationProtocols = [.. protocols.Select(name => new SslApplicationProtocol(name))],
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            },
            cancel);
        Assert.Equal(version, stream.SslProtocol);
        return stream;
    }

    private bool TryConnect(RelayFixture relay)
    {
        try
        {
            using var stream = OpenTlsAsync(relay, SslProtocols.Tls13).GetAwaiter().GetResult();
            return true;
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            return false;
        }
    }

    /// <returns>True when the other side ended the connection.</returns>
    private async Task<bool> EndAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[100], cancel) == 0;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode == SocketError.ConnectionReset;
        }
    }
}
