using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using NetDiscovery.TestKit;

namespace NetDiscovery.EndToEnd;

/// <summary>Silo, gateway and relay as three processes on PostgreSQL do what the one process does.</summary>
public sealed class SeparateHostsTests(SeparateHostsTests.Region region) : IClassFixture<SeparateHostsTests.Region>
{
    public static TheoryData<string, string> TurnutilsCases => RelayedCalls.TurnutilsCases;

    [Theory]
    [MemberData(nameof(TurnutilsCases))]
    public async Task Coturns_client_loses_nothing_and_usage_equals_the_peer(string name, string flags)
    {
        using var tenant = await region.NewTenantAsync();
        await RelayedCalls.TurnutilsAsync(tenant, region.RelayPort, name, flags);
    }

    [Fact]
    public async Task Media_goes_on_and_usage_is_complete_after_the_silo_was_killed_and_started_again()
    {
        using var tenant = await region.NewTenantAsync();
        var label = $"silo-{Guid.NewGuid():N}";
        await using var peer = new EchoPeer();
        var token = await tenant.MintAsync(label);
        await using (var call = await EchoCall.OpenAsync(region.RelayPort, token, peer))
        {
            await call.ExchangeAsync(datagrams: 50, bytes: 300);
            await region.KillSiloAsync();
            await call.ExchangeAsync(datagrams: 50, bytes: 300);
            await region.StartSiloAsync();
            await call.CloseAsync();
        }

        await RelayedCalls.UsageEqualsAsync(tenant, label, peer);
    }

    [Fact]
    public async Task Operator_sees_the_silo_of_another_process_on_the_dashboard()
    {
        using var operators = region.OperatorClient();

        // Two for some seconds after another test has killed one.
        await Eventually.EventuallyAsync(
            async () =>
            {
                using var counters = JsonDocument.Parse(await operators.GetStringAsync("/dashboard/DashboardCounters"));
                return counters.RootElement.GetProperty("totalActiveHostCount").GetInt32() == 1;
            },
            TimeSpan.FromSeconds(60), "the dashboard shows the one silo");
    }

    /// <summary>One region: PostgreSQL and three processes.</summary>
    public sealed class Region : IAsyncLifetime
    {
        private const string OperatorKey = "operator-key-of-the-tests";
        private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(180);
        private readonly TemporaryFolder _data = new();
        private readonly PostgresServer _postgres = new();
        private readonly int _siloPort = FreePort.Tcp(), _orleansGatewayPort = FreePort.Tcp(), _siloHttp = FreePort.Tcp(), _relayHttp = FreePort.Tcp(), _gatewayHttp = FreePort.Tcp();
        private string _connectionString = "";
        private HostProcess _silo = null!, _gateway = null!, _relay = null!;

        public int RelayPort { get; } = FreePort.TcpAndUdp();

        public async ValueTask InitializeAsync()
        {
            await _postgres.StartAsync();
            _connectionString = await _postgres.CreateDatabaseAsync();
            _silo = LaunchSilo();
            _gateway = HostProcess.Start("Gateway", [.. Shared(), $"--Gateway:Urls=http://127.0.0.1:{_gatewayHttp}", $"--Operator:Key={OperatorKey}"]);
            _relay = HostProcess.Start("Relay",
            [
                .. Shared(), $"--Health:Urls=http://127.0.0.1:{_relayHttp}", "--Relay:Id=relay-1", $"--Relay:Port={RelayPort}", "--Relay:TlsPort=0",
                $"--Relay:DataPath={_data.Path}", "--Relay:AllowPeers:0=127.0.0.0/8",
            ]);
            await Task.WhenAll(ReadyAsync(_siloHttp), ReadyAsync(_gatewayHttp), ReadyAsync(_relayHttp));
            await RelayIsHandedOutAsync();
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var process in new[] { _relay, _gateway, _silo })
            {
                await process.DisposeAsync();
            }

            await _postgres.DisposeAsync();
            _data.Dispose();
        }

        public async Task KillSiloAsync()
        {
            _silo.Kill();
            await _silo.ExitedAsync();
        }

        public async Task StartSiloAsync()
        {
            _silo = LaunchSilo();
            await ReadyAsync(_siloHttp);
        }

        public HttpClient OperatorClient() => Client(new AuthenticationHeaderValue("Bearer", OperatorKey));

        public async Task<HttpClient> NewTenantAsync()
        {
            using var operators = OperatorClient();
            using var response = await operators.PostAsJsonAsync("/v1/tenants", new { name = "tests" });
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
            var id = document.RootElement.GetProperty("id").GetString();
            var secret = document.RootElement.GetProperty("authToken").GetString();
            return Client(new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{id}:{secret}"))));
        }

        private HostProcess LaunchSilo() => HostProcess.Start("Silo",
        [
            .. Shared(), $"--Health:Urls=http://127.0.0.1:{_siloHttp}",
            $"--Orleans:Endpoints:SiloPort={_siloPort}", $"--Orleans:Endpoints:GatewayPort={_orleansGatewayPort}", "--Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1",
        ]);

        private string[] Shared() => ["--Storage:Provider=PostgreSql", $"--ConnectionStrings:Storage={_connectionString}", "--Region:Name=test-1", "--Dashboard:Enabled=true"];

        private HttpClient Client(AuthenticationHeaderValue authorization)
        {
            var client = new HttpClient(new RetryHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{_gatewayHttp}") };
            client.DefaultRequestHeaders.Authorization = authorization;
            return client;
        }

        private Task ReadyAsync(int httpPort) => PollAsync($"/health/ready of port {httpPort}", async () =>
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
            using var response = await client.GetAsync($"http://127.0.0.1:{httpPort}/health/ready");
            return response.IsSuccessStatusCode;
        });

        private Task RelayIsHandedOutAsync() => PollAsync("the relay is handed out", async () =>
        {
            using var tenant = await NewTenantAsync();
            using var response = await tenant.PostAsJsonAsync("/v1/tokens", new { });
            return response.IsSuccessStatusCode;
        });

        private async Task PollAsync(string step, Func<Task<bool>> condition)
        {
            using var timeout = new CancellationTokenSource(StartLimit);
            while (true)
            {
                try
                {
                    if (await condition())
                    {
                        return;
                    }
                }
                catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or Xunit.Sdk.XunitException)
                {
                    // not listening yet, or not answering in time yet
                }

                Assert.False(timeout.IsCancellationRequested, $"Still waiting: {step}.\nSilo:\n{_silo.Output}\nGateway:\n{_gateway.Output}\nRelay:\n{_relay.Output}");
                await Task.Delay(200);
            }
        }
    }
}
