using System.Data.Common;
using Npgsql;

namespace NetDiscovery.Silo.Storage;

/// <summary>Connections to the region's PostgreSQL.</summary>
public static class PostgresDataSource
{
    /// <summary>
    /// The operator's connection string with our tuning where it says nothing: statements prepared after two uses and connections handed back
    /// without a reset, which halves the server's CPU; limits that turn a dead server into an exception within about 5 s.
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
        SetUnlessGiven(nameof(tuned.Timeout), () => tuned.Timeout = 3);
        SetUnlessGiven(nameof(tuned.CommandTimeout), () => tuned.CommandTimeout = 4);
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
