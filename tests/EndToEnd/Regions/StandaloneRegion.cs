using System.Net;
using System.Net.Http.Headers;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>A region that is one process on SQLite.</summary>
internal sealed class StandaloneRegion : IRegion
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(180);

    private readonly TemporaryFolder _data = new();
    private readonly string[] _settings;
    private readonly int _httpPort;
    private readonly IPEndPoint _relay = new(IPAddress.Loopback, FreePort.TcpAndUdp());
    private HostProcess _process;

    private StandaloneRegion(string name, int httpPort, string[] settings)
    {
        Name = name;
        _httpPort = httpPort;
        _settings =
        [
            .. settings, $"--Data:Path={_data.Path}", $"--Gateway:Urls=http://127.0.0.1:{httpPort}", $"--Operator:Key={RegionClients.OperatorKey}", $"--Relay:Id={name}-relay", $"--Relay:Port={_relay.Port}",
            "--Relay:TlsPort=0", $"--Relay:ListenAddresses:0={_relay.Address}", $"--Relay:AllowPeers:0={Place.Loopback.Peers}", "--Relay:Workers=1",
        ];
        _process = Launch();
    }

    public string Name { get; }

    public IReadOnlyList<IPEndPoint> Relays => [_relay];

    public string Output => _process.Output;

    public static async Task<IRegion> StartAsync(string name, int httpPort, string[] settings)
    {
        var region = new StandaloneRegion(name, httpPort, settings);
        try
        {
            await region.ReadyAsync();
            return region;
        }
        catch
        {
            await region.DisposeAsync();
            throw;
        }
    }

    public HttpClient Client(AuthenticationHeaderValue authorization)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_httpPort}"), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = authorization;
        return client;
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.ExitedAsync();
    }

    public async Task RestartAsync()
    {
        await _process.DisposeAsync();
        _process = Launch();
        await ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _data.Dispose();
    }

    private Task ReadyAsync() => _process.WaitForAsync("NetDiscovery is up", StartLimit);

    private HostProcess Launch() => HostProcess.Start("Standalone", _settings);
}
