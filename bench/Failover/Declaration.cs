using System.Diagnostics;
using Npgsql;

namespace NetDiscovery.Failover.Bench;

/// <summary>When the others declare a silo dead, by the table in which silos meet.</summary>
internal static class Declaration
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until no active silo has the port.</summary>
    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> OfAsync(string connectionString, int port, CancellationToken stop)
    {
        var started = Stopwatch.GetTimestamp();
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(stop);
        await using var command = new NpgsqlCommand("SELECT count(*) = 0 FROM orleans_membership WHERE port = @port AND status = 3", connection);
        command.Parameters.AddWithValue("port", port);
        while (await command.ExecuteScalarAsync(stop) is not true)
        {
            await Task.Delay(Pace, stop);
        }

        return Stopwatch.GetElapsedTime(started);
    }
}
