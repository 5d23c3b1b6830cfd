using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using NetDiscovery.EndToEnd;
using NetDiscovery.TestKit;

namespace NetDiscovery.Hostile.Servers;

/// <summary>Our relay as a process of its own, with a silo and a gateway beside it on an embedded store.</summary>
internal sealed class OurServer : IServerUnderTest
{
    private const string OperatorKey = "operator-key-of-the-hostile-run";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private readonly TempFolder folder = new();
    private readonly int siloPort = FreePort.Tcp(), orleansPort = FreePort.Tcp(), siloHttp = FreePort.Tcp(), gatewayHttp = FreePort.Tcp(), relayHttp = FreePort.Tcp();
    private readonly HostProcess silo, gateway, relay;

    private OurServer()
    {
        EndPoint = new IPEndPoint(IPAddress.Loopback, FreePort.TcpAndUdp());
        string[] shared =
        [
            $"--Data:Path={folder.Path}", $"--Orleans:Endpoints:SiloPort={siloPort}", $"--Orleans:Endpoints:GatewayPort={orleansPort}", "--Logging:LogLevel:Default=Warning",
        ];
        silo = HostProcess.Start("Silo", [.. shared, $"--Health:Urls=http://127.0.0.1:{siloHttp}"]);
        gateway = HostProcess.Start("Gateway", [.. shared, $"--Gateway:Urls=http://127.0.0.1:{gatewayHttp}", $"--Operator:Key={OperatorKey}"]);
        relay = HostProcess.Start("Relay",
        [
            .. shared, $"--Health:Urls=http://127.0.0.1:{relayHttp}", "--Relay:Id=relay-1", $"--Relay:Port={EndPoint.Port}", "--Relay:TlsPort=0", "--Relay:AllowPeers:0=127.0.0.0/8",
            "--Logging:LogLevel:NetDiscovery.Relay.Hosting.RelayServer=Information",
        ]);
    }

    public string Name => "ours";

    public int ProcessId => relay.Id;

    public IPEndPoint EndPoint { get; }

    public string Username { get; private set; } = "";

    public string Password { get; private set; } = "";

    /// <summary>What the relay has printed.</summary>
    public string Output => relay.Output;

    /// <summary>What the relay has said of memory that it gave back.</summary>
    public IEnumerable<string> MemoryLines => Output.Split('\n').Where(line => line.Contains("Memory given back", StringComparison.Ordinal)).Select(line => line.Trim());

    /// <summary>Waits until the relay says that it gave memory of a thousand clients and more back.</summary>
    public Task MemoryGivenBackAsync() => relay.WaitForAsync("Memory given back after 1", StartLimit);

    /// <summary>Starts all three and fetches a token.</summary>
    public static async Task<OurServer> StartAsync()
    {
        var server = new OurServer();
        try
        {
            await Task.WhenAll(server.ReadyAsync(server.siloHttp), server.ReadyAsync(server.gatewayHttp), server.ReadyAsync(server.relayHttp));
            await server.FetchTokenAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await relay.DisposeAsync();
        await gateway.DisposeAsync();
        await silo.DisposeAsync();
        folder.Dispose();
    }

    private async Task FetchTokenAsync()
    {
        var api = $"http://127.0.0.1:{gatewayHttp}/v1";
        using var tenant = await CreateAsync($"{api}/tenants", new AuthenticationHeaderValue("Bearer", OperatorKey), new { name = "hostile run" });
        var account = $"{tenant.RootElement.GetProperty("id").GetString()}:{tenant.RootElement.GetProperty("authToken").GetString()}";
        using var token = await CreateAsync($"{api}/tokens", new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes(account))), new { });
        Username = token.RootElement.GetProperty("username").GetString()!;
        Password = token.RootElement.GetProperty("credential").GetString()!;
    }

    // Until a relay is known, there is nothing to hand out.
    private async Task<JsonDocument> CreateAsync(string url, AuthenticationHeaderValue authorization, object body)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = authorization;
        for (var patience = Stopwatch.StartNew(); ;)
        {
            using var response = await http.PostAsJsonAsync(url, body);
            var text = await response.Content.ReadAsStringAsync();
            if (response.IsSuccessStatusCode)
            {
                return JsonDocument.Parse(text);
            }

            if (patience.Elapsed > StartLimit)
            {
                throw new TimeoutException($"POST {url} answers {response.StatusCode}: {text}");
            }

            await Task.Delay(200);
        }
    }

    private async Task ReadyAsync(int port)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        for (var patience = Stopwatch.StartNew(); ;)
        {
            try
            {
                using var response = await http.GetAsync($"http://127.0.0.1:{port}/health/ready");
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                // Not listening yet.
            }

            if (patience.Elapsed > StartLimit)
            {
                throw new TimeoutException($"Not ready: port {port}.\nSilo:\n{silo.Output}\nGateway:\n{gateway.Output}\nRelay:\n{relay.Output}");
            }

            await Task.Delay(100);
        }
    }
}
