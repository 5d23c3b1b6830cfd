using NetDiscovery.Silo.Storage;
using NetDiscovery.Silo.Tests.Storage;
using NetDiscovery.TestKit;
using Npgsql;

namespace NetDiscovery.Silo.Tests.Hosting;

/// <summary>Whatever keeps a silo from starting is one readable message and an exit code.</summary>
[Collection(AssemblyFixtures.Heavy)]
public sealed class StartupErrorTests(PostgresServer server)
{
    [Fact]
    public async Task Wrong_settings_are_listed_all_at_once_with_exit_code_2()
    {
        var errors = await FailsAsync(2, "--Storage:Provider=Oracle", "--Region:Name=Not Valid", "--Storage:AllocationRetentionHours=0", "--Storage:AuditRetentionDays=0", "--Usage:SealAfterMinutes=-1", "--Orleans:Endpoints:GatewayPort=70000");

        foreach (var setting in (string[])["Storage:Provider", "Region:Name", "Storage:AllocationRetentionHours", "Storage:AuditRetentionDays", "Usage:SealAfterMinutes", "Orleans:Endpoints:GatewayPort"])
        {
            Assert.Contains(setting, errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task PostgreSql_without_a_connection_string_names_the_setting() =>
        Assert.Contains("ConnectionStrings:Storage is missing", await FailsAsync(2, "--Storage:Provider=PostgreSql"), StringComparison.Ordinal);

    [Fact]
    public async Task A_clustering_provider_that_is_not_in_the_build_is_named() =>
        Assert.Contains("Orleans:Clustering:ProviderType is 'NoSuchProvider'", await FailsAsync(2, "--Orleans:Clustering:ProviderType=NoSuchProvider"), StringComparison.Ordinal);

    [Theory]
    [InlineData("Redis")]
    [InlineData("AzureTableStorage")]
    public async Task A_clustering_store_without_a_connection_string_names_the_setting(string provider) =>
        Assert.Contains("ConnectionStrings:Cluster is missing", await FailsAsync(2, $"--Orleans:Clustering:ProviderType={provider}"), StringComparison.Ordinal);

    [Fact]
    public async Task A_Redis_that_is_down_is_named() => Assert.Contains(
        "The Redis of Orleans:Clustering can't be used", await FailsAsync(3, "--Orleans:Clustering:ProviderType=Redis", $"--ConnectionStrings:Cluster=127.0.0.1:{FreePort.Tcp()}"), StringComparison.Ordinal);

    [Fact]
    public async Task A_Redis_that_refuses_the_password_is_named_and_the_password_is_not()
    {
        await using var redis = await RedisServer.StartAsync();

        var errors = await FailsAsync(3, "--Orleans:Clustering:ProviderType=Redis", $"--ConnectionStrings:Cluster=127.0.0.1:{redis.Port},password=wrong-secret");

        Assert.Contains("The Redis of Orleans:Clustering can't be used", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-secret", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_storage_that_is_down_is_named() => Assert.Contains(
        "The table storage of Orleans:Clustering can't be used",
        await FailsAsync(3, "--Orleans:Clustering:ProviderType=AzureTableStorage", $"--ConnectionStrings:Cluster={AzuriteTables.ConnectionStringFor(FreePort.Tcp())}"), StringComparison.Ordinal);

    [Fact]
    public async Task A_database_that_is_down_is_named_by_address()
    {
        var port = FreePort.Tcp();

        Assert.Contains($"127.0.0.1:{port} can't be reached", await PostgresFailsAsync($"Host=127.0.0.1;Port={port};Database=x;Username=y;Password=z"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_named_and_never_printed()
    {
        var right = new NpgsqlConnectionStringBuilder(await server.CreateDatabaseAsync()) { Password = "wrong-secret" };

        var errors = await PostgresFailsAsync(right.ConnectionString);

        Assert.Contains("refuses user 'postgres'", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-secret", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_does_not_exist_is_named()
    {
        await server.StartAsync();

        Assert.Contains("no database 'missing'", await PostgresFailsAsync(server.ConnectionString("missing")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        await using var database = await TestDatabase.CreateAsync(StorageProvider.PostgreSql, server);
        await database.ExecuteAsync("INSERT INTO schema_version (version, name, sha256, applied_at) VALUES (9999, 'future', 'x', 'x')");

        Assert.Contains("9999", await PostgresFailsAsync(database.ConnectionString), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_without_rights_on_the_database_is_told_so()
    {
        await using var database = await TestDatabase.CreateEmptyAsync(StorageProvider.PostgreSql, server);
        var user = $"guest_{Guid.NewGuid():N}";
        await database.ExecuteAsync($"CREATE USER {user} PASSWORD 'p'");
        var guest = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = user, Password = "p" };

        Assert.Contains($"User '{user}' may not prepare", await PostgresFailsAsync(guest.ConnectionString), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_that_can_not_be_made_is_named()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);

        Assert.Contains($"{file}/data (Data:Path) can't be used", await FailsAsync(3, $"--Data:Path={file}/data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named()
    {
        using var file = new TempSqlite();
        await File.WriteAllTextAsync(file.FilePath, new string('x', 10_000), TestContext.Current.CancellationToken);

        Assert.Contains($"{file.FilePath} is damaged or no database", await FailsAsync(3, $"--Data:Path={file.FolderPath}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_file_locked_by_another_program_is_named()
    {
        await using var database = await TestDatabase.CreateAsync(StorageProvider.Sqlite, server);
        await using var connection = await database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);

        Assert.Contains("is locked by another process", await FailsAsync(3, $"--Data:Path={database.FolderPath}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_of_a_running_silo_is_refused_to_a_second_one()
    {
        using var folder = new TempFolder();
        await using var first = SiloProcess.Start($"--Data:Path={folder.Path}");
        await first.ReadyAsync();

        Assert.Contains("in use by another process", await FailsAsync(3, $"--Data:Path={folder.Path}"), StringComparison.Ordinal);
    }

    private static Task<string> PostgresFailsAsync(string connectionString) => FailsAsync(3, "--Storage:Provider=PostgreSql", $"--ConnectionStrings:Storage={connectionString}");

    private static async Task<string> FailsAsync(int exitCode, params string[] settings)
    {
        using var folder = new TempFolder();
        await using var silo = SiloProcess.Start([.. settings.Any(setting => setting.StartsWith("--Data:Path", StringComparison.Ordinal)) ? [] : (string[])[$"--Data:Path={folder.Path}"], .. settings]);

        var actual = await silo.ExitAsync();

        Assert.True(exitCode == actual, $"expected exit code {exitCode}, got {actual}: {silo.Errors}");
        Assert.DoesNotContain("   at ", silo.Errors, StringComparison.Ordinal);
        Assert.InRange(silo.Errors.Length, 20, 2_000);
        return silo.Errors;
    }
}
