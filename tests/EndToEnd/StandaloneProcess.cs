using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using System.Text;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>A real <c>Standalone</c> process on its own data folder and ports, with its output captured.</summary>
internal sealed partial class StandaloneProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(180);
    private readonly string[] _settings;
    private HostProcess _process;

    private StandaloneProcess(string dataPath, int httpPort, int relayPort, string[] settings)
    {
        DataPath = dataPath;
        HttpPort = httpPort;
        RelayPort = relayPort;
        _settings = settings;
        _process = Launch();
    }

    public string DataPath { get; }

    public int HttpPort { get; }

    public int RelayPort { get; }

    public string TenantId { get; private set; } = "";

    public string AuthToken { get; private set; } = "";

    public string OperatorKey { get; private set; } = "";

    /// <summary>What the process has printed since it was last started.</summary>
    public string Output => _process.Output;

    public Uri Url => new($"http://127.0.0.1:{HttpPort}");

    /// <summary>Starts on an empty data folder and waits until the start message is complete.</summary>
    public static async Task<StandaloneProcess> StartAsync(params string[] settings)
    {
        var standalone = new StandaloneProcess(
            Directory.CreateTempSubdirectory("netdiscovery-e2e-").FullName, FreePort.Tcp(), FreePort.TcpAndUdp(), settings);
        var output = await standalone._process.WaitForAsync("/v1/tokens", StartLimit);
        standalone.TenantId = Field(output, FirstTenant());
        standalone.AuthToken = Field(output, AuthTokenLine());
        standalone.OperatorKey = Field(output, OperatorKeyLine());
        return standalone;
    }

    public HttpClient TenantClient() => TenantClient(TenantId, AuthToken);

    public HttpClient TenantClient(string id, string authToken) => Client(new AuthenticationHeaderValue(
        "Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{id}:{authToken}"))));

    public HttpClient OperatorClient() => Client(new AuthenticationHeaderValue("Bearer", OperatorKey));

    /// <summary>SIGKILL: nothing in the process gets to run.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.ExitedAsync();
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        _process.Terminate();
        return await _process.ExitedAsync();
    }

    /// <summary>Starts again on the same data folder and ports.</summary>
    public async Task RestartAsync()
    {
        _process = Launch();
        await _process.WaitForAsync("NetDiscovery is up", StartLimit);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(DataPath, recursive: true);
    }

    private HostProcess Launch() => HostProcess.Start("Standalone",
    [
        $"--Data:Path={DataPath}", $"--Gateway:Urls=http://127.0.0.1:{HttpPort}", $"--Relay:Port={RelayPort}", "--Relay:TlsPort=0", .. _settings,
    ]);

    private HttpClient Client(AuthenticationHeaderValue authorization)
    {
        var client = new HttpClient { BaseAddress = Url };
        client.DefaultRequestHeaders.Authorization = authorization;
        return client;
    }

    private static string Field(string output, Regex line) =>
        line.Match(output) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException($"No '{line}' in:\n{output}");

    [GeneratedRegex(@"first tenant +(AC[0-9a-f]{32})")]
    private static partial Regex FirstTenant();

    [GeneratedRegex(@"auth token +(\S+)")]
    private static partial Regex AuthTokenLine();

    [GeneratedRegex(@"operator key +(\S+)")]
    private static partial Regex OperatorKeyLine();
}
