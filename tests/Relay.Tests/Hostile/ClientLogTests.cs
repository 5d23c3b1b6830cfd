using System.Net;
using Microsoft.Extensions.Time.Testing;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;
using NetDiscovery.Relay.Protocol.Registries;
using NetDiscovery.Relay.Tests.Fixtures;
using NetDiscovery.ServiceDefaults;

namespace NetDiscovery.Relay.Tests.Hostile;

/// <summary>Safety: addresses are logged only in the form that the operator chose, and secrets never.</summary>
public sealed class ClientLogTests
{
    // Other addresses than the relay's own, which it may name.
    private static readonly IPAddress ClientAddress = IPAddress.Parse("127.66.7.8");
    private static readonly TransportAddress Closed = TransportAddress.Parse("10.99.88.77:4242");

    [Theory]
    [InlineData(ClientAddressForm.Full, "127.66.7.8:", "10.99.88.77:4242")]
    [InlineData(ClientAddressForm.Prefix, "127.66.7.0/24", "10.99.88.0/24")]
    [InlineData(ClientAddressForm.None, "(not logged)", "(not logged)")]
    public async Task Every_line_with_an_address_has_it_in_the_operators_form(ClientAddressForm form, string client, string peer)
    {
        using var lines = new LogLines();
        using var factory = lines.Factory();
        await TroubleAsync(factory, form);
        Assert.Contains($"of {client}", lines.Text, StringComparison.Ordinal);
        Assert.Contains($"opened for {client}", lines.Text, StringComparison.Ordinal);
        Assert.Contains($"its client was {client}", lines.Text, StringComparison.Ordinal);
        Assert.Contains($"names a closed peer, {peer}", lines.Text, StringComparison.Ordinal);
        Assert.Contains($"A connection of {client}", lines.Text, StringComparison.Ordinal);
        Assert.Contains($"A TLS handshake with {client}", lines.Text, StringComparison.Ordinal);
        if (form != ClientAddressForm.Full)
        {
            Assert.DoesNotContain("127.66.7.8", lines.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("10.99.88.77", lines.Text, StringComparison.Ordinal);
        }

        if (form == ClientAddressForm.None)
        {
            Assert.DoesNotContain("127.66.7", lines.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("10.99.88", lines.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task No_line_at_any_level_holds_a_secret()
    {
        using var lines = new LogLines();
        using var factory = lines.Factory();
        var secrets = await TroubleAsync(factory, ClientAddressForm.Full);
        Assert.NotEmpty(lines.Text);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, lines.Text, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("192.0.2.77", 5, ClientAddressForm.Full, "192.0.2.77:5")]
    [InlineData("192.0.2.77", 0, ClientAddressForm.Full, "192.0.2.77")]
    [InlineData("::ffff:192.0.2.77", 5, ClientAddressForm.Prefix, "192.0.2.0/24")]
    [InlineData("2001:db8:1:2:3:4:5:6", 5, ClientAddressForm.Full, "[2001:db8:1:2:3:4:5:6]:5")]
    [InlineData("2001:db8:1:2:3:4:5:6", 5, ClientAddressForm.Prefix, "2001:db8:1::/48")]
    [InlineData("2001:db8:1:2:3:4:5:6", 5, ClientAddressForm.None, "(not logged)")]
    public void A_prefix_is_an_IPv4_24_or_an_IPv6_48(string address, int port, ClientAddressForm form, string written) =>
        Assert.Equal(written, ClientAddressFormat.Write(form, IPAddress.Parse(address), port));

    /// <summary>All that can be logged of clients: an allocation, refusals, a closed peer, a connection too many, a broken handshake, wrong passwords.</summary>
    /// <returns>Everything secret that took part, in each form it might be written in.</returns>
    private static async Task<List<string>> TroubleAsync(Microsoft.Extensions.Logging.ILoggerFactory loggers, ClientAddressForm form)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var relay = RelayFixture.Start(options => (options.ClientAddresses, options.MaxConnectionsPerSource) = (form, 1), time: time, loggers: loggers);
        var credential = relay.Mint();
        var local = new IPEndPoint(ClientAddress, 0);
        await using (var client = await relay.ConnectAsync(credential: credential, change: options => options with { Local = local }))
        {
            Assert.Equal(437, await client.CodeAsync(StunMethod.Refresh));
            await client.AllocateAsync();
            Assert.Equal(403, await client.PermitCodeAsync(Closed));
            Assert.Equal(403, await client.BindCodeAsync(0x4000, Closed));
            await client.RefreshAsync(0);
        }

        await using (var wrong = await relay.ConnectAsync(credential: credential with { Password = "wrong-password-of-a-guest" }, change: options => options with { Local = local }))
        {
            Assert.Equal(401, (await wrong.RequestAsync(StunMethod.Allocate, options: new RequestOptions { ThrowOnError = false })).ErrorCode);
        }

        using (var one = await DialAsync(relay.TlsEndPoint))
        {
            await RelayFixture.UntilAsync(() => relay.Server.Connections == 1, "the first connection");
            using var other = await DialAsync(relay.TlsEndPoint);
            Assert.True(await other.EndsAsync(), "the connection too many ends in order");
            time.Advance(TimeSpan.FromSeconds(relay.Options.HandshakeSeconds + 1));
            Assert.True(await one.EndsAsync(), "the slow handshake ends in order");
        }

        await RelayFixture.UntilAsync(() => relay.Server.Connections == 0, "the end of the handshake");
        var signing = relay.Tenant.Snapshot.SigningKeys.Select(key => key.Secret).Append(await File.ReadAllBytesAsync(Directory.GetFiles(relay.Folder, "nonce*").Single()));
        return
        [
            credential.Password, credential.Username, "wrong-password-of-a-guest",
            .. signing.SelectMany(secret => new[] { Convert.ToBase64String(secret), System.Buffers.Text.Base64Url.EncodeToString(secret), Convert.ToHexString(secret) }),
        ];
    }

    private static async Task<System.Net.Sockets.Socket> DialAsync(IPEndPoint to)
    {
        var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(ClientAddress, 0));
        await socket.ConnectAsync(to);
        return socket;
    }
}
