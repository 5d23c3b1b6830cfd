using System.Net;
using System.Net.Http.Headers;
using System.Text;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd.Regions;

/// <summary>One region: silo, gateway and relay in a process of its own, with a store of its own.</summary>
internal sealed class RegionStack : IAsyncDisposable
{
    public const string OperatorKey = "operator-key-of-the-tests-0123456789abcdef";
    public const string EuAddresses = "198.51.100.0/24";
    public const string UsAddresses = "203.0.113.0/24";
    private const string Secret = "a-secret-between-the-regions-0123456789";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(180);

    private readonly TemporaryFolder _data = new();
    private readonly string[] _settings;
    private readonly RegionPlace _place;
    private HostProcess _process;

    /// <param name="name">The region.</param>
    /// <param name="control">The control region.</param>
    /// <param name="httpPort">Port of its gateway.</param>
    /// <param name="peer">The other region.</param>
    /// <param name="peerUrl">Where the other region's gateway is reached.</param>
    /// <param name="place">Where it runs.</param>
    public RegionStack(string name, string control, int httpPort, string peer, string peerUrl, RegionPlace place)
    {
        Name = name;
        _place = place;
        HttpPort = httpPort;
        _settings =
        [
            $"--Data:Path={_data.Path}", $"--Gateway:Urls=http://{place.Listens}:{httpPort}", $"--Operator:Key={OperatorKey}", $"--Relay:Id={name}-relay", $"--Relay:Port={RelayPort}", "--Relay:TlsPort=0",
            $"--Relay:ListenAddresses:0={place.Address}", $"--Relay:AllowPeers:0={place.Peers}", "--Relay:Workers=1", $"--Region:Name={name}", $"--Region:Control={control}", $"--Region:Secrets:0={Secret}",
            $"--Region:Peers:0:Name={peer}", $"--Region:Peers:0:Url={peerUrl}", $"--Region:Map:0:Match={EuAddresses}", "--Region:Map:0:Region=eu-1", $"--Region:Map:1:Match={UsAddresses}", "--Region:Map:1:Region=us-1", "--Region:AllowInsecureLinks=true",
        ];
        _process = Launch();
    }

    public string Name { get; }

    public int HttpPort { get; }

    public int RelayPort { get; } = FreePort.TcpAndUdp();

    public IPEndPoint Relay => new(_place.Address, RelayPort);

    public string Output => _process.Output;

    public Task ReadyAsync() => _process.WaitForAsync("NetDiscovery is up", StartLimit);

    public HttpClient Operator() => Client(new AuthenticationHeaderValue("Bearer", OperatorKey));

    public HttpClient Tenant(string id, string authToken) =>
        Client(new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{id}:{authToken}"))));

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.ExitedAsync();
    }

    /// <summary>Starts again with the same store and ports.</summary>
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

    private HostProcess Launch() => HostProcess.Start("Standalone", _settings, networkNamespace: _place.Namespace);

    private HttpClient Client(AuthenticationHeaderValue authorization)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://{_place.Address}:{HttpPort}"), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = authorization;
        return client;
    }
}
