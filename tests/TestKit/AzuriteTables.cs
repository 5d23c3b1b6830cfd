using System.Globalization;

namespace NetDiscovery.TestKit;

/// <summary>Azure's own emulator of table storage, a server of a test's own on a free loopback port. <c>tests/run</c> installs it with npm.</summary>
public sealed class AzuriteTables : IAsyncDisposable
{
    // The account and key that every emulator has, as Azure publishes them.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly GuardedProcess process;

    private AzuriteTables(GuardedProcess process, int port) => (this.process, Port) = (process, port);

    /// <summary>Loopback port.</summary>
    public int Port { get; }

    /// <summary>As Azure's libraries read it.</summary>
    public string ConnectionString => ConnectionStringFor(Port);

    /// <summary>Connection string of an emulator on a port, whether one runs there or not.</summary>
    public static string ConnectionStringFor(int port) => string.Create(
        CultureInfo.InvariantCulture, $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};TableEndpoint=http://127.0.0.1:{port}/{Account};");

    /// <exception cref="InvalidOperationException">It is not installed, or does not start.</exception>
    public static async Task<AzuriteTables> StartAsync()
    {
        var program = Path.Combine(RepositoryRoot.Path, "tests/Silo.Tests/azurite/node_modules/azurite/dist/src/table/main.js");
        if (!File.Exists(program))
        {
            throw new InvalidOperationException("These tests need Azure's table emulator: run npm ci in tests/Silo.Tests/azurite, as tests/run does.");
        }

        // Newer client libraries than it knows ask for newer versions of the API: what tables need has not changed.
        var port = FreePort.Tcp();
        return new AzuriteTables(
            await GuardedProcess.StartAsync("azurite", port, folder => [
                "node", program, "--tableHost", "127.0.0.1", "--tablePort", port.ToString(CultureInfo.InvariantCulture), "--location", folder,
                "--skipApiVersionCheck", "--disableTelemetry", "--silent"]),
            port);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => process.DisposeAsync();
}
