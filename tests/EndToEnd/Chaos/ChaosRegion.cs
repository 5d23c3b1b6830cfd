using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.TestKit;
using Npgsql;

namespace NetDiscovery.EndToEnd.Chaos;

/// <summary>A region of relays, silos and gateways on a PostgreSQL of its own, each of them a process that may be killed.</summary>
internal sealed class ChaosRegion : IAsyncDisposable
{
    public const string OperatorKey = "operator-key-of-the-tests-0123456789abcdef";

    // Relayed ports lie below those of FreePort, so that no host's own port is among them, and below those that the system gives to anybody.
    private const int FirstRelayedPort = 6_000, RelayedPorts = 2_000;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(180);
    private readonly List<TemporaryFolder> _folders = [];
    private readonly List<string[]> _relaySettings = [];
    private readonly List<int> _gatewayPorts = [];
    private readonly Place _place;
    private TaskCompletionSource? _back;

    private ChaosRegion(Place place)
    {
        _place = place;
        Postgres = new PostgresServer { PatientClients = false, Address = place.Address, NetworkNamespace = place.Namespace };
    }

    public PostgresServer Postgres { get; }

    public string Database { get; private set; } = "";

    public List<Service> Relays { get; } = [];

    public List<IPEndPoint> RelayAddresses { get; } = [];

    public List<Service> Silos { get; } = [];

    public List<Service> Gateways { get; } = [];

    public IEnumerable<Service> All => [.. Relays, .. Silos, .. Gateways];

    /// <summary>Starts the processes; returns when each can do its work.</summary>
    /// <param name="relays">How many relays.</param>
    /// <param name="silos">How many silos.</param>
    /// <param name="gatewayPorts">One gateway for each; null: one, on a free port.</param>
    /// <param name="place">Where they run; null: here.</param>
    /// <param name="settings">What all of them are told besides; null: the region's name.</param>
    public static async Task<ChaosRegion> StartAsync(int relays, int silos, int[]? gatewayPorts = null, Place? place = null, string[]? settings = null)
    {
        var region = new ChaosRegion(place ?? Place.Loopback);
        try
        {
            await region.Postgres.StartAsync();
            var database = await region.Postgres.CreateDatabaseAsync() + ";Timeout=20";
            region.Database = new NpgsqlConnectionStringBuilder(database).Database!;
            string[] shared = ["--Storage:Provider=PostgreSql", $"--ConnectionStrings:Storage={database}", .. settings ?? ["--Region:Name=test-1"]];
            for (var number = 1; number <= silos; number++)
            {
                await region.AddSilo(number, shared).ReadyAsync(StartLimit);
            }

            foreach (var port in gatewayPorts ?? [FreePort.Tcp()])
            {
                region.AddGateway(port, shared);
            }

            for (var number = 1; number <= relays; number++)
            {
                region.AddRelay(number, shared);
            }

            await region.ReadyAsync();
            return region;
        }
        catch
        {
            // Its processes would go on, and take the machine from every test after.
            await region.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a process of a relay.</summary>
    public HostProcess LaunchRelay(int number, params string[] more) => Launch("Relay", [.. _relaySettings[number], .. more]);

    /// <summary>SIGKILL to all of it, the database too.</summary>
    public async Task KillAsync()
    {
        _back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var service in All)
        {
            _ = service.KillAsync(_back.Task);
        }

        await Postgres.KillAsync();
    }

    /// <summary>Starts all of it again; returns when each can do its work.</summary>
    public async Task BringBackAsync()
    {
        await Postgres.StartAsync();
        _back!.SetResult();
        await ReadyAsync();
    }

    /// <summary>Waits until every process can do its work.</summary>
    public Task ReadyAsync() => Task.WhenAll(All.Select(service => service.ReadyAsync(StartLimit)));

    /// <summary>Makes a tenant and returns a client with its credentials.</summary>
    /// <param name="quotas">As the discovery configuration has them; null: none.</param>
    public async Task<HttpClient> NewTenantAsync(object? quotas = null)
    {
        using var operators = Client(new AuthenticationHeaderValue("Bearer", OperatorKey));
        using var document = await AskAsync(() => operators.PostAsJsonAsync("/v1/tenants", new { name = "chaos" }));
        var root = document.RootElement;
        var secret = $"{root.GetProperty("id").GetString()}:{root.GetProperty("authToken").GetString()}";
        var tenant = Client(new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes(secret))));
        if (quotas is not null)
        {
            using var changed = await AskAsync(() => tenant.PutAsJsonAsync($"/v1/tenants/{IdOf(tenant)}/discovery", new { quotas }));
        }

        return tenant;
    }

    /// <summary>Clients with a tenant's credentials, one for each gateway.</summary>
    public IReadOnlyList<HttpClient> AtEachGateway(HttpClient tenant) => [.. _gatewayPorts.Select((_, number) => Client(tenant.DefaultRequestHeaders.Authorization!, number))];

    /// <summary>The tenant whose credentials a client has.</summary>
    public static string IdOf(HttpClient tenant) => Encoding.ASCII.GetString(Convert.FromBase64String(tenant.DefaultRequestHeaders.Authorization!.Parameter!)).Split(':')[0];

    /// <summary>Makes a request until it succeeds: what is away comes back.</summary>
    public static async Task<JsonDocument> AskAsync(Func<Task<HttpResponseMessage>> request)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(240));
        while (true)
        {
            string problem;
            try
            {
                using var response = await request();
                var text = await response.Content.ReadAsStringAsync();
                if (response.IsSuccessStatusCode)
                {
                    return JsonDocument.Parse(text);
                }

                Assert.True(response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout, $"{response.StatusCode}: {text}");
                problem = text;
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                problem = exception.Message;
            }

            Assert.False(limit.IsCancellationRequested, $"The API does not answer: {problem}");
            await Task.Delay(300);
        }
    }

    /// <summary>What the database holds of a session: its allocations, and what the ledger has of each.</summary>
    public async Task<string> StoredAsync(string session)
    {
        await using var source = NpgsqlDataSource.Create(Postgres.ConnectionString(Database));
        await using var command = source.CreateCommand("""
            SELECT coalesce(string_agg(concat_ws(' ', allocation_id, 'version', version, state, 'ledger:', ledger.sequence, ledger.observed_at, ledger.bytes_to_peer), E'\n'), 'nothing')
            FROM allocation_state LEFT JOIN usage_source ledger ON replace(ledger.source_id::text, '-', '') = right(allocation_id, 32)
            WHERE allocation_state.session = $1
            """);
        command.Parameters.AddWithValue(session);
        var stored = (string)(await command.ExecuteScalarAsync())!;
        var shards = stored.Split(' ', '\n').Select(word => AllocationId.TryParse(word, out var id) ? GrainKeys.IngestShard(id) : -1).Where(shard => shard >= 0);
        return $"stored of {session}, whose control events are of shard {string.Join(", ", shards)}: {stored}\n";
    }

    /// <summary>What relays have not had confirmed by the cluster, and what they told of it.</summary>
    public async Task<string> PendingAsync()
    {
        var pending = new StringBuilder();
        foreach (var relay in Relays)
        {
            pending.Append(CultureInfo.InvariantCulture, $"== {relay.Name}: {await relay.MetricAsync("netdiscovery_relay_journal_unconfirmed")}\n{relay.Waits}");
        }

        return pending.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in All)
        {
            await service.DisposeAsync();
        }

        await Postgres.DisposeAsync();
        _folders.ForEach(folder => folder.Dispose());
    }

    /// <returns>A client of a gateway; of the first, if none is named.</returns>
    public HttpClient Client(AuthenticationHeaderValue authorization, int gateway = 0, HttpMessageHandler? handler = null)
    {
        var client = new HttpClient(handler ?? new SocketsHttpHandler()) { BaseAddress = new Uri($"http://{_place.Address}:{_gatewayPorts[gateway]}"), Timeout = TimeSpan.FromSeconds(handler is null ? 40 : 100) };
        client.DefaultRequestHeaders.Authorization = authorization;
        return client;
    }

    private Service AddSilo(int number, string[] shared)
    {
        int silo = FreePort.Tcp(), orleans = FreePort.Tcp();
        var health = NewEndPoint();
        string[] settings =
        [
            .. shared, $"--Health:Urls=http://{health}",
            $"--Orleans:Endpoints:SiloPort={silo}", $"--Orleans:Endpoints:GatewayPort={orleans}", "--Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1",
        ];
        Silos.Add(new Service($"silo {number}", health, () => Launch("Silo", settings), TimeProvider.System));
        return Silos[^1];
    }

    private void AddGateway(int port, string[] shared)
    {
        string[] settings = [.. shared, $"--Gateway:Urls=http://{_place.Listens}:{port}", $"--Operator:Key={OperatorKey}"];
        _gatewayPorts.Add(port);
        Gateways.Add(new Service($"gateway {_gatewayPorts.Count}", new IPEndPoint(_place.Address, port), () => Launch("Gateway", settings), TimeProvider.System));
    }

    private void AddRelay(int number, string[] shared)
    {
        var (health, folder, firstPort, address) = (NewEndPoint(), new TemporaryFolder(), FirstRelayedPort + ((number - 1) * RelayedPorts), new IPEndPoint(_place.Address, FreePort.TcpAndUdp()));
        _folders.Add(folder);

        // The journal of the first lies in memory with a copy on the disk, that of the others on the disk.
        var journal = number == 1 ? TemporaryFolder.InMemory() : folder;
        if (journal != folder)
        {
            _folders.Add(journal);
        }

        RelayAddresses.Add(address);
        _relaySettings.Add(
        [
            .. shared, $"--Health:Urls=http://{health}", $"--Relay:Id=relay-{number}", $"--Relay:ListenAddresses:0={address.Address}", $"--Relay:Port={address.Port}", "--Relay:TlsPort=0", "--Relay:Workers=2",
            $"--Relay:DataPath={folder.Path}", $"--Relay:JournalPath={journal.Path}", $"--Relay:AllowPeers:0={_place.Peers}", $"--Relay:MinPort={firstPort}", $"--Relay:MaxPort={firstPort + RelayedPorts - 1}",
        ]);
        Relays.Add(new Service($"relay {number}", health, () => LaunchRelay(number - 1), TimeProvider.System));
    }

    private HostProcess Launch(string name, string[] settings) => HostProcess.Start(name, settings, networkNamespace: _place.Namespace);

    private IPEndPoint NewEndPoint() => new(_place.Address, FreePort.Tcp());
}
