using NetDiscovery.ServiceDefaults;
using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Storage.Schema;
using NetDiscovery.TestKit;

namespace NetDiscovery.Silo.Tests.Storage.Schema;

public sealed class SchemaMigratorTests(PostgresServer server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, Engines]
    public async Task Applying_twice_changes_nothing_the_second_time(StorageProvider provider)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(provider, server);
        var steps = SchemaMigration.Load(provider).Count;

        Assert.Equal(steps, await database.Migrator().MigrateAsync(Cancellation));
        Assert.Equal(0, await database.Migrator().MigrateAsync(Cancellation));
        Assert.Equal(steps, await database.ScalarAsync<int>("SELECT count(*) FROM schema_version"));
    }

    [Theory, Engines]
    public async Task Four_migrators_at_once_apply_each_step_once(StorageProvider provider)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(provider, server);

        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => database.Migrator().MigrateAsync(Cancellation))));

        Assert.Equal(SchemaMigration.Load(provider).Count, applied.Sum());
    }

    [Theory, Engines]
    public async Task A_step_changed_after_it_was_applied_is_refused(StorageProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, server);
        var changed = SchemaMigration.Load(provider).Select(step => step.Version == 2 ? new SchemaMigration(2, step.Name, step.Sql + "-- more") : step).ToList();

        var exception = await Assert.ThrowsAsync<StartupException>(() => database.Migrator(changed).MigrateAsync(Cancellation));

        Assert.Contains("0002_usage", exception.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Environment, exception.ExitCode);
    }

    [Theory, Engines]
    public async Task A_database_from_a_newer_version_is_refused(StorageProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider, server);
        await database.ExecuteAsync("INSERT INTO schema_version (version, name, sha256, applied_at) VALUES (9999, 'future', 'x', 'x')");

        var exception = await Assert.ThrowsAsync<StartupException>(() => database.Migrator().MigrateAsync(Cancellation));

        Assert.Contains("9999", exception.Message, StringComparison.Ordinal);
    }

    [Theory, Engines]
    public async Task A_step_that_fails_leaves_nothing_behind(StorageProvider provider)
    {
        await using var database = await TestDatabase.CreateEmptyAsync(provider, server);
        SchemaMigration[] broken = [new(1, "fine", "CREATE TABLE fine (id integer)"), new(2, "broken", "CREATE TABLE half (id integer); INSERT INTO missing VALUES (1)")];

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => database.Migrator(broken).MigrateAsync(Cancellation));

        Assert.Equal(1, await database.ScalarAsync<int>("SELECT count(*) FROM schema_version"));
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => database.ScalarAsync<int>("SELECT count(*) FROM half"));
    }

    [Fact]
    public void Steps_are_numbered_from_one_without_gaps_and_alike_for_both_engines()
    {
        var postgres = SchemaMigration.Load(StorageProvider.PostgreSql).Select(step => (step.Version, step.Name)).ToList();

        Assert.Equal(Enumerable.Range(1, postgres.Count), postgres.Select(step => step.Version));
        Assert.Equal(postgres, SchemaMigration.Load(StorageProvider.Sqlite).Select(step => (step.Version, step.Name)));
    }
}
