using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using NetDiscovery.Relay.Client;
using NetDiscovery.Relay.Protocol;

namespace NetDiscovery.EndToEnd;

/// <summary>Whatever the log level: no line of the real process holds a secret, and addresses of clients and peers are there only if the operator wants them.</summary>
public sealed class LogPrivacyTests
{
    private const string WrongPassword = "wrong-password-of-a-guest";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Not the addresses the platform itself listens on, which it may name.
    private static readonly IPAddress Client = IPAddress.Parse("127.66.7.8");
    private static readonly IPAddress Peer = IPAddress.Parse("127.66.9.10");

    [Fact]
    public async Task At_level_Trace_no_line_holds_a_secret_or_an_address()
    {
        // The first start prints operator key and auth token once, for a person: what is judged is the second.
        await using var standalone = await StandaloneProcess.StartAsync(
            "--Relay:AllowPeers:0=127.0.0.0/8", "--Logging:ClientAddresses=None",
            "--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:Microsoft.AspNetCore=Trace", "--Logging:LogLevel:Orleans=Trace");
        await standalone.StopAsync();
        await standalone.RestartAsync();
        var secrets = new List<string> { standalone.OperatorKey, standalone.AuthToken, WrongPassword };
        using var tenant = From(standalone.TenantClient());
        await UseTheApiAsync(standalone, tenant, secrets);
        await RelayAsync(standalone, await tenant.MintAsync("privacy"), secrets);
        secrets.AddRange(KeysOnDisk(standalone.DataPath));
        await standalone.StopAsync();

        var output = standalone.Output;
        Assert.Contains("NetDiscovery.Relay.Clients", output, StringComparison.Ordinal);
        Assert.InRange(secrets.Count, 10, int.MaxValue);
        Assert.All(secrets, secret => Assert.True(
            !output.Contains(secret, StringComparison.OrdinalIgnoreCase), $"A secret is in the log: {LineWith(output, secret)}"));
        Assert.All(new[] { Client, Peer }, address => Assert.True(
            !output.Contains(address.ToString(), StringComparison.Ordinal), $"An address is in the log: {LineWith(output, address.ToString())}"));
    }

    private static async Task UseTheApiAsync(StandaloneProcess standalone, HttpClient tenant, List<string> secrets)
    {
        // Keys of all kinds, and what each opens.
        using var key = await PostAsync(tenant, $"/v1/tenants/{standalone.TenantId}/keys", new { name = "a key" });
        var secret = Text(key, "secret");
        secrets.Add(secret);
        using var withKey = From(standalone.TenantClient(), new AuthenticationHeaderValue("Bearer", $"{Text(key, "id")}.{secret}"));
        using var signing = await PostAsync(withKey, $"/v1/tenants/{standalone.TenantId}/signing-keys/rotate", new { });
        using var operators = From(standalone.OperatorClient());
        using var other = await PostAsync(operators, "/v1/tenants", new { name = "another" });
        secrets.Add(Text(other, "authToken"));

        // A wrong secret of every kind of caller.
        foreach (var wrong in new[]
        {
            new AuthenticationHeaderValue("Bearer", WrongPassword), new AuthenticationHeaderValue("Bearer", $"{Text(key, "id")}.{WrongPassword}"),
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{standalone.TenantId}:{WrongPassword}"))),
        })
        {
            using var guest = From(standalone.TenantClient(), wrong);
            using var refused = await guest.GetAsync($"/v1/tenants/{standalone.TenantId}");
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        // A session: join tokens, credentials of its endpoints, signaling.
        using var session = await PostAsync(tenant, "/v1/sessions", new { endpoints = new[] { new { name = "left" }, new { name = "right" } } });
        foreach (var endpoint in session.RootElement.GetProperty("endpoints").EnumerateArray())
        {
            secrets.Add(endpoint.GetProperty("joinToken").GetString()!);
            secrets.AddRange(endpoint.GetProperty("iceServers").EnumerateArray()
                .Where(server => server.TryGetProperty("credential", out _)).Select(server => server.GetProperty("credential").GetString()!).Distinct());
        }

        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("netdiscovery.v1");
        socket.Options.AddSubProtocol($"token.{session.RootElement.GetProperty("endpoints")[0].GetProperty("joinToken").GetString()}");
        using var handler = Handler();
        using var invoker = new HttpMessageInvoker(handler);
        var uri = new UriBuilder(new Uri(standalone.Url, $"/v1/sessions/{Text(session, "id")}/signaling")) { Scheme = "ws" }.Uri;
        await socket.ConnectAsync(uri, invoker, CancellationToken.None);
        await socket.ReceiveAsync(new byte[64 * 1024], CancellationToken.None).WaitAsync(Patience);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    }

    private static async Task RelayAsync(StandaloneProcess standalone, Token token, List<string> secrets)
    {
        secrets.Add(token.Credential);
        secrets.Add(token.Username);
        var options = new TurnClientOptions
        {
            Server = new IPEndPoint(IPAddress.Loopback, standalone.RelayPort), Local = new IPEndPoint(Client, 0), Username = token.Username, Password = token.Credential,
        };
        using var peer = new UdpClient(new IPEndPoint(Peer, 0));
        var peerAddress = TransportAddress.From((IPEndPoint)peer.Client.LocalEndPoint!);
        await using (var client = await new TurnClient(options).ConnectAsync())
        {
            await client.AllocateAsync();
            await client.BindChannelAsync(peerAddress);
            await client.SendAsync(peerAddress, new byte[] { 1 });
            var there = await peer.ReceiveAsync().WaitAsync(Patience);
            await peer.SendAsync(there.Buffer, there.RemoteEndPoint);
            await client.ReceiveAsync().AsTask().WaitAsync(Patience);
            await client.RefreshAsync(0);
        }

        await using var wrong = await new TurnClient(options with { Password = WrongPassword }).ConnectAsync();
        await Assert.ThrowsAsync<StunErrorException>(() => wrong.AllocateAsync());
    }

    // Signing keys, the nonce key and private keys of certificates: the relay's files hold them as bytes, PEM or base64.
    private static IEnumerable<string> KeysOnDisk(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            switch (Path.GetExtension(file))
            {
                case ".key":
                    var bytes = File.ReadAllBytes(file);
                    yield return Convert.ToBase64String(bytes);
                    yield return Convert.ToHexString(bytes);
                    break;
                case ".json" when Path.GetFileName(file).StartsWith("tenants-", StringComparison.Ordinal):
                    using (var tenants = JsonDocument.Parse(File.ReadAllBytes(file)))
                    {
                        foreach (var key in tenants.RootElement.EnumerateArray().SelectMany(tenant => tenant.GetProperty("SigningKeys").EnumerateArray()).ToList())
                        {
                            var secret = key.GetProperty("Secret").GetBytesFromBase64();
                            yield return Convert.ToBase64String(secret);
                            yield return Convert.ToHexString(secret);
                        }
                    }

                    break;
            }
        }
    }

    private static SocketsHttpHandler Handler() => new()
    {
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(Client, 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    /// <summary>The same client from <see cref="Client"/>.</summary>
    private static HttpClient From(HttpClient pattern, AuthenticationHeaderValue? authorization = null)
    {
        using (pattern)
        {
            var client = new HttpClient(Handler()) { BaseAddress = pattern.BaseAddress };
            client.DefaultRequestHeaders.Authorization = authorization ?? pattern.DefaultRequestHeaders.Authorization;
            return client;
        }
    }

    private static async Task<JsonDocument> PostAsync(HttpClient client, string path, object body)
    {
        using var response = await client.PostAsJsonAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {text}");
        return JsonDocument.Parse(text);
    }

    private static string Text(JsonDocument document, string name) => document.RootElement.GetProperty(name).GetString()!;

    private static string? LineWith(string output, string text) => output.Split('\n').FirstOrDefault(line => line.Contains(text, StringComparison.OrdinalIgnoreCase));
}
