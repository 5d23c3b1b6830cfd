using Npgsql;

namespace NetDiscovery.Silo.Storage;

/// <summary>Connections to the region's PostgreSQL.</summary>
public static class PostgresDataSource
{
    /// <summary>
    /// The operator's connection string with our tuning where it says nothing: statements prepared after two uses and connections handed back
    /// without a reset, which halves the server's CPU; few enough connections for two silos on a server with its own defaults; limits that turn a
    /// server that died into an exception at once, and one that hangs within 7 s (3 s for the statement, twice 2 s for asking the server to cancel it).
    /// </summary>
    /// <exception cref="ArgumentException">It is no connection string; the message says where.</exception>
    public static string Tune(string connectionString)
    {
        // The builder knows every spelling of a keyword and lists those given by their one name.
        var given = new NpgsqlConnectionStringBuilder(connectionString).Keys!.Cast<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        var tuned = new NpgsqlConnectionStringBuilder(connectionString);
        SetUnlessGiven("Application Name", () => tuned.ApplicationName = "netdiscovery");
        SetUnlessGiven("Max Auto Prepare", () => tuned.MaxAutoPrepare = 32);
        SetUnlessGiven("Auto Prepare Min Usages", () => tuned.AutoPrepareMinUsages = 2);
        SetUnlessGiven("Maximum Pool Size", () => tuned.MaxPoolSize = 30);

        // Our statements are short: where the planner overestimates one, compiling it takes a hundred times as long as running it.
        SetUnlessGiven("Options", () => tuned.Options = "-c jit=off");
        SetUnlessGiven("No Reset On Close", () => tuned.NoResetOnClose = true);
        SetUnlessGiven("Timeout", () => tuned.Timeout = 2);
        SetUnlessGiven("Command Timeout", () => tuned.CommandTimeout = 3);
        SetUnlessGiven("Cancellation Timeout", () => tuned.CancellationTimeout = 500);
        return tuned.ConnectionString;

        void SetUnlessGiven(string keyword, Action set)
        {
            if (!given.Contains(keyword))
            {
                set();
            }
        }
    }

    /// <summary>Makes the data source for <see cref="Tune"/>d settings. Opens nothing yet.</summary>
    public static NpgsqlDataSource Create(string connectionString) => NpgsqlDataSource.Create(Tune(connectionString));
}
