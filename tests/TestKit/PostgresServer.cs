using System.Globalization;
using System.Net;
using Npgsql;

namespace NetDiscovery.TestKit;

/// <summary>
/// A real PostgreSQL server of the test run's own: started on first use, on a free loopback port, in a temporary folder that goes with it.
/// Share one for a test assembly (<c>[assembly: AssemblyFixture(typeof(PostgresServer))]</c>); give each test its own database.
/// A test that stops or kills the server makes a private one.
/// </summary>
/// <remarks>The server also ends, and its folder goes, when the test process dies without disposing it.</remarks>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Password = "only-for-tests";
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(120);

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly PostgresBinaries binaries;
    private string? folder;
    private PostgresProcess? process;
    private int databases;

    /// <summary>Looks for the PostgreSQL programs; starts nothing yet.</summary>
    /// <exception cref="InvalidOperationException">They are not installed; the message names the Debian package.</exception>
    public PostgresServer() => binaries = PostgresBinaries.Find();

    /// <summary>TCP port of the server; the same after a restart. 0 before the first start.</summary>
    public int Port { get; private set; }

    /// <summary>Where it listens: loopback, or an address of this machine that its clients reach.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The network namespace of <c>ip netns</c> that it runs in; null for this process's.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>
    /// True: connections wait as long as a busy machine takes, where the product would take the database for gone. False for tests of just that.
    /// </summary>
    public bool PatientClients { get; init; } = true;

    /// <summary>The server's process; 0 before the first start.</summary>
    public int ProcessId => process?.Id ?? 0;

    /// <summary>Starts the server if it is not running.</summary>
    public async Task StartAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (process is { HasExited: false })
            {
                return;
            }

            if (folder is null)
            {
                folder = await binaries.InitializeAsync(Password);
                Port = FreePort.Tcp();
                if (!IPAddress.IsLoopback(Address))
                {
                    await PostgresBinaries.AdmitNeighboursAsync(folder);
                }
            }

            process = await binaries.StartAsync(folder, Port, Address, NetworkNamespace);
            try
            {
                await Eventually.EventuallyAsync(CanConnectAsync, StartsWithin, $"PostgreSQL accepts connections on port {Port}");
            }
            catch (TimeoutException missing)
            {
                throw new TimeoutException($"{missing.Message} Its log:\n{binaries.ReadLog(folder)}", missing);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Makes an empty database, starting the server when needed.</summary>
    /// <returns>Its connection string (user with all rights).</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        await StartAsync();
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref databases)}");
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    /// <summary>Connection string for a database of this server, whether it exists or not.</summary>
    public string ConnectionString(string database)
    {
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = Address.ToString(),
            Port = Port,
            Username = "postgres",
            Password = Password,
            Database = database,
            Pooling = database != "postgres",
        };
        if (PatientClients)
        {
            (builder.Timeout, builder.CommandTimeout) = (60, 120);
        }

        return builder.ConnectionString;
    }

    /// <summary>Stops the server as an administrator would (fast shutdown); what it had acknowledged stays.</summary>
    public Task StopAsync() => process!.StopAsync();

    /// <summary>Kills the server and all its backends with SIGKILL.</summary>
    public Task KillAsync() => process!.KillAsync();

    /// <summary>Freezes the server and its backends (SIGSTOP): connections stay open and nothing answers.</summary>
    public void Freeze() => process!.Signal("STOP");

    /// <summary>Lets a frozen server go on.</summary>
    public void Thaw() => process!.Signal("CONT");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await process.StopAsync();
            process.Dispose();
        }

        if (folder is not null && Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        gate.Dispose();
    }

    private async Task<bool> CanConnectAsync()
    {
        if (process!.HasExited)
        {
            // After SIGKILL the old backends may hold the shared memory for a moment longer: try again.
            process.Dispose();
            process = await binaries.StartAsync(folder!, Port, Address, NetworkNamespace);
        }

        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }
}
