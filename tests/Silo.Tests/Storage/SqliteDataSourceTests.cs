using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.States;
using NetDiscovery.TestKit;
using SQLitePCL;

namespace NetDiscovery.Silo.Tests.Storage;

public sealed class SqliteDataSourceTests(PostgresServer server)
{
    private const int StatementStatusReprepare = 5; // SQLITE_STMTSTATUS_REPREPARE

    [Fact]
    public async Task Statements_that_write_states_are_compiled_once_whatever_they_are_given()
    {
        await using var database = await TestDatabase.CreateAsync(StorageProvider.Sqlite, server);
        var (source, store) = Open(database);
        using (var fresh = await source.RentWriterAsync())
        {
            fresh.Command("SELECT 1").Connection!.Handle!.enable_sqlite3_next_stmt(true);
        }

        for (var version = 1; version <= 3; version++)
        {
            foreach (var name in (string[])["session", "signaling", "callbacks", "tenant"])
            {
                Assert.Equal([true], await store.WriteAsync([Write(name, version)]));
            }
        }

        using var writer = await source.RentWriterAsync();
        var connection = writer.Command("SELECT 1").Connection!.Handle!;
        var (statements, compiledAgain) = (0, 0);
        for (var statement = raw.sqlite3_next_stmt(connection, null); statement is not null; statement = raw.sqlite3_next_stmt(connection, statement))
        {
            statements++;
            compiledAgain += raw.sqlite3_stmt_status(statement, StatementStatusReprepare, 0);
        }

        Assert.True(statements >= 2, $"{statements} statements kept");
        Assert.Equal(0, compiledAgain);
    }

    [Fact]
    public async Task A_writer_waits_until_the_one_before_has_given_back()
    {
        await using var database = await TestDatabase.CreateAsync(StorageProvider.Sqlite, server);
        var (source, store) = Open(database);
        Task<IReadOnlyList<bool>> second;
        using (var first = await source.RentWriterAsync())
        {
            using var transaction = first.BeginWrite();
            second = store.WriteAsync([Write("session", 1)]);
            Assert.False(second.IsCompleted);
            transaction.Commit();
        }

        Assert.Equal([true], await second);
    }

    private static (SqliteDataSource Source, SqliteStateStore Store) Open(TestDatabase database)
    {
        var source = (SqliteDataSource)database.Source;
        return (source, new SqliteStateStore(source, "service"));
    }

    private static StateWrite Write(string name, int version) => new(name, "key", version == 1 ? null : version - 1, version, "{}");
}
