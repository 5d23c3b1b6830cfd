using Microsoft.Data.Sqlite;

namespace NetDiscovery.Silo.Storage;

/// <summary>
/// A connection to the embedded file that stays open with the statements it has prepared: compiling a statement costs several times what running it does.
/// Lent to one caller at a time by <see cref="SqliteDataSource.Rent"/>; disposing gives it back.
/// </summary>
internal sealed class PreparedConnection(SqliteConnection connection, Action<PreparedConnection> giveBack) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> commands = [];
    private SqliteTransaction? transaction;

    /// <summary>Takes the file's only write lock. Dispose rolls back what was not committed; end it before the connection goes back.</summary>
    /// <exception cref="SqliteException">Another process holds the lock for longer than the wait of <see cref="SqliteDataSource"/>.</exception>
    public SqliteTransaction BeginWrite() => transaction = connection.BeginTransaction(deferred: false);

    /// <summary>The statement <paramref name="sql"/>, within the transaction if one began. It belongs to the connection: don't dispose it.</summary>
    /// <param name="sql">One statement; the same text is prepared once.</param>
    /// <param name="parameters">Names, in the order in which <see cref="SqliteCommand.Parameters"/> holds them.</param>
    public SqliteCommand Command(string sql, params IEnumerable<string> parameters)
    {
        if (!commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            command.Parameters.AddRange(parameters.Select(name => new SqliteParameter(name, null)));
            commands.Add(sql, command);
        }

        command.Transaction = transaction;
        return command;
    }

    /// <summary>Gives the connection back.</summary>
    public void Dispose()
    {
        transaction = null;
        giveBack(this);
    }

    /// <summary>Ends the connection and its statements.</summary>
    public void Close()
    {
        foreach (var command in commands.Values)
        {
            command.Dispose();
        }

        connection.Dispose();
    }
}
