using NetDiscovery.Silo.Storage;
using NetDiscovery.TestKit;
using Npgsql;

namespace NetDiscovery.Silo.Tests.Storage;

public sealed class PostgresDataSourceTests(PostgresServer server)
{
    [Fact]
    public void What_the_operator_gives_is_kept_under_every_spelling()
    {
        var tuned = new NpgsqlConnectionStringBuilder(PostgresDataSource.Tune(
            "Host=db;MaxPoolSize=7;Command Timeout=60;timeout=9;No Reset On Close=false;Application Name=ours;Options=-c work_mem=8MB"));

        Assert.Equal((7, 60, 9, false, "ours", "-c work_mem=8MB"),
            (tuned.MaxPoolSize, tuned.CommandTimeout, tuned.Timeout, tuned.NoResetOnClose, tuned.ApplicationName, tuned.Options));
        Assert.Equal(32, tuned.MaxAutoPrepare);
    }

    [Fact]
    public async Task Statements_are_not_compiled()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(StorageProvider.PostgreSql, server);

        Assert.Equal("off", await database.ScalarAsync<string>("SHOW jit"));
    }
}
